"""What a check asks of others, when it is told to: the servers of links, and SpamAssassin."""

from dataclasses import dataclass, replace

from newsletter.app.online import Manners, ask_links
from newsletter.app.open import App
from newsletter.app.spam import spam_score
from newsletter.lint.rule import Proof
from newsletter.lint.written import written_links


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Whether links are asked (and how), and whether SpamAssassin is."""

    online: Manners | None = None
    spam: bool = False

    def of(self, app: App, proof: Proof) -> Proof:
        """The same proof with the answers."""
        if self.online:
            urls = [link.url for link in written_links(proof)]
            proof = replace(proof, answers=ask_links(app, urls, self.online))
        if self.spam:
            scores = {key: spam_score(message) for key, message in proof.messages.items()}
            proof = replace(proof, spam=scores)
        return proof
