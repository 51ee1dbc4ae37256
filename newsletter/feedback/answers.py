"""What servers write when they give a message up, in the languages that they write in.

Addresses and links are taken out before these are looked for; see ``phrases`` for their form.
"""

from newsletter.feedback.model import Reason

PHRASES = {
    Reason.FULL: """
        over quota | overquota | over-quota | quota … exceed | exceed … quota | quota full
        quota violation | quota … reached | out of quota | over … quota | disk quota
        quota usage | above … quota | beyond … quota | quota limit | would exceed … mailbox
        quota is full | would exceed … storage | would be over | mailbox … full
        mail box … full | mailfolder … full | inbox … full | account … full
        maildrop … full | folder is full | full mailbox | mailbox … exceed | mailbox … over
        mailbox … too large | mailbox size limit | storage … exceed | exceed … storage
        exceed … allocation | storage limit | storage … full | out of storage
        insufficient … storage | insufficient … space | not enough … space
        not sufficient … space | no space left | space has been used | no more space
        lack … space | disk full | disk … is full | disk space | too many messages … mailbox
        maildir … limit | too much mail data | user has too many messages | no storage space
        mailbox overflow | user is over | recipient is over | mailbox limit | mailbox storage
        resources.mailbox | boite … pleine | boîte … pleine | boite … satur | boîte … satur
        quota … dépass | casella … piena | spazio … insufficiente | spazio … esaurito
        quota … superat | buzón … lleno | buzon … lleno | cuota … exced | buzón … excedi
        postfach … voll | speicherplatz | postfach … überf | quota … überschritten
        kontingent | caixa … cheia | caixa … lotada | cota … exced | postvak … vol
        mailbox is vol | skrzynk … pełn | skrzynk … przepełn | przepełnion | переполнен
        превышена квота | ящик полон | квота | 已满 | 已滿 | 容量 | 空间不足 | 空間不足
        いっぱい | 가득 | 용량 | kotas | kvóta | plná schránka | posteläda | postlådan är full
        innboksen er full | postkassen er fuld
    """,
    Reason.TOO_BIG: """
        message … too big | message … too large | message … exceed … size | message size
        exceed … message size | exceed … maximum … size | maximum size | max message size
        larger than | size limit | message … exceed … limit | exceeds size | too big
        mail … too large | attachment … too large | length exceed | message length
        bigger than | header size | too large for | message exceeds | size exceeds | msg too
        trop gros | trop volumineu | troppo grande | dimensione massima | demasiado grande
        tamaño máximo | zu groß | zu gross | muito grande | слишком больш | слишком велик | 過大
        过大 | 太大 | サイズ
    """,
    Reason.MOVED: """
        has moved | have moved | user not local; please try | user not local, please try
        user not local; will | changed … e-mail address to | address has changed
        address … has been changed | new address is | new email address | new e-mail address
        mailbox moved | has a new address | moved to | has relocated | è cambiato | ha cambiato
        nouvelle adresse | neue adresse | neue e-mail
    """,
    Reason.NO_MAIL: """
        nullmx | null mx | does not accept mail at | does not accept any mail
        never accepts mail | not accepting any mail at all | host does not receive mail
        domain does not accept mail | domain does not receive | accepts no mail
        does not accept email | no mail accepted here | does not receive mail
        does not handle mail
    """,
    Reason.DISABLED: """
        is disabled | disabled user | disabled mailbox | mailbox disabled | account disabled
        been disabled | disabled account | account … suspended | mailbox … suspended
        suspended | is inactive | inactive user | inactive account | mailbox inactive
        account inactive | inactive mailbox | inactive recipient | user inactive
        recipient … inactive | not active | inactivity | account … locked
        mailbox … locked by | is locked | user locked | frozen | deactivated | dormant
        archived recipient | recipient … archived | on hold | is barred | account is blocked
        mailbox is blocked | disabled or discontinued | temporarily inactive | account closed
        user … terminated | désactiv | archivee | gesperrt | deaktiviert | sospes | disattiv
        suspendid | desactivad | desativad | заблокирован | отключен | неактив | 停用 | 冻结
        封鎖 | withdrawn | temporarily disabled | temporarily suspended | temporarily locked
    """,
    Reason.CLOSED: """
        temporar | account … locked | mailbox … locked | is locked | user locked | on hold
        is barred | until further
        vorübergehend | momentan | momentané | temporan | provvisori | временно | 暂时 | 暫時
    """,
    Reason.RELAYING: """
        relaying denied | relay denied | relay … not | not … relay | relaying … prohib
        no relay | relay access | relaying … not | unable to relay | relaying … refus
        refuse … relay | not a gateway | allowed rcpthosts | open relay | relay operation
        relaying is | relaying mail | relay … prohib | not permitted to relay | cannot relay
        relaying to | we do not relay | domain not hosted | not hosted here
        domain is not hosted | not local … gateway | not a local domain
        not one of our domains | is not handled here
    """,
    Reason.NO_DOMAIN: """
        host unknown | unknown host | host … not found | no such host | no such domain
        domain … does not exist | domain … not exist | domain … not found | unknown domain
        domain unknown | domain … unknown | domain name not found | invalid domain | bad domain
        bad destination system | bad destination host | bad host | cannot find … host
        illegal host | could not find … host | could not find … domain | could not resolve
        cannot resolve | could not be resolved | cannot be resolved | not be found … domain
        nxdomain | name or service not known | no address associated | no mx | no valid mx
        no mail exchanger | host lookup did not complete … no | lookup … no such
        unrouteable mail domain | unroutable mail domain | unrouteable domain
        all relevant mx records point to | couldn not find any host | could not find any host
        cannot find any host | not find a host | domain … is invalid | domain is not reachable
        domain must exist | domain has no | unknown mail server | unable to find … domain
        domain … nonexistent | address resolution | domain mentioned | domain … doesnt exist
        domainnotfound | non-existent domain | nonexistent domain | non-existing domain
        domain is unknown | site unknown | unknown site | unresolvable | no dns entry
        no such site | unable to resolve | server … cannot be found
        does not lead to a mail server | the domain … not … exist | host does not exist
        dominio … inesistente | dominio … non esiste | dominio … sconosciuto
        host … sconosciuto | dominio … no existe | dominio desconocido | dominio inexistente
        domaine … inconnu | domaine … n'existe | domain … nicht | domain … unbekannt
        domäne … nicht | domínio … não | domínio … inexist | dominio … nao | domein … niet
        домен … не | 域名 | 網域 | ドメイン | 도메인
    """,
    Reason.NO_MAILBOX: """
        user unknown | unknown user | user is unknown | users unknown | usuario desconocido
        no such user | no such recipient | no such mailbox | no such account | no such address
        no such person | no such local user | no such name | no such alias | no such e-mail
        no such email | no such id | no such customer | no such maildrop | nosuchuser
        no such login | does not exist | do not exist | did not exist | not exist | non-existent
        nonexistent | non existent | nonexistant | no longer exist | inexistent | doesnt exist
        unknown recipient | recipient unknown | unknown address | address unknown
        unknown account | account unknown | unknown mailbox | mailbox unknown | unknown local
        unknown or illegal | unknown customer | unknown e-mail | unknown email | unknown alias
        unknown to this | unknown name | unknown login | unkown user | unknow user
        unknown destination | unknown virtual | is unknown | addresses were unknown
        user … unknown | recipient … unknown | unknown at | unknown in | unknown here
        not known here | not known at | not known to | name unknown | not a known | is not known
        user not known | not … known user | invalid user | invalid recipient | invalid mailbox
        invalid address | invalid account | invalid local | invalid name | invalid e-mail
        invalid email | invalid alias | invalid/inactive user | address … is invalid
        invalid final | invalid destination | recipient … invalid | mailbox … invalid
        user … invalid | illegal user | illegal alias | illegal recipient | bad address
        bad destination mailbox | bad recipient | bad mailbox | address invalid
        not a valid user | not a valid recipient | not a valid mailbox | not a valid address
        not a valid account | not a valid email | not a valid e-mail | not … valid
        no valid recipient | no valid mailbox | not a mailbox | not a local user | not a user
        not a customer | not our customer | not a subscriber | not a member of this
        not a recognized | not recognized | unrecognized | unrecognised | user not found
        recipient not found | mailbox not found | account not found | address not found
        name not found | email not found | alias not found | user … not found
        mailbox … not found | recipient … not found | address … not found
        account … not found | was not found | name is not found | id not found | not found in
        could not be found | cannot be found | could not find … recipient | not listed in
        not in … directory | not in our | not in my | not on this server | not on our
        not present in | mailbox not present | not have an account | not have a yahoo
        not have … account | no account | no mailbox | no mail box | no user | no recipient
        no email address | not … mailbox here | no matching | no valid | no person
        no one at this address | no one by that | not here | not at this | no longer at
        no longer with | no longer in | no longer on | no longer valid | no longer here
        no longer available | no longer accepts | no longer a | no longer active
        no longer work | no longer employ | user … left | retired | not an active address
        not local | account has been closed | been deleted | been removed | was deleted
        mailbox closed | account … closed | been terminated | been cancelled | been canceled
        been closed | account … expired | mailbox … deleted | mailbox … removed
        user deleted | undeliverable address | badrcptto | validrcptto | chkuser
        unrouteable address | unroutable address | unroutable | recipnotfound
        recipient notfound | adr.recip | user path | home directory | bad address syntax
        malformed address | missing or malformed | malformed local | syntax … recipient
        lookup failed … user | permanent failure for one or more | is not local
        does not like recipient | wrong address | incorrect address | wrong user
        wrong recipient | ambiguous address | undefined recipient | undefined user
        undefined mail alias | unable to find … user | unable to find … recipient
        does not match any | not a recipient | not … deliverable to | user missing
        addressee unknown | addressee … not | envelope recipient | is not a deliverable
        not deliverable | no inbox | who are you looking for | mailbox … does not
        not … belong | this is not … address | can not be delivered to this user
        n'existe pas | inconnu | introuvable | adresse invalide | utilisateur … inexistant
        destinataire … invalide | adresse … incorrecte | adresse … erron | inesistente
        non esiste | sconosciut | non è valido | non valido | non trovat | non e' valido
        casella … non | indirizzo … errato | utente … non | destinatario … non | no existe
        desconocid | inexistente | no se encuentra | no se encontr | no es válid | no encontrad
        no está dado | cuenta … no | usuario … no | dirección … no | unbekannt
        existiert nicht | nicht gefunden | nicht bekannt | nicht vorhanden | gibt es nicht
        nicht existent | ungültig | kein benutzer | empfänger … nicht | não existe | nao existe
        não encontrad | nao encontrad | não foi encontrad | inválid | invalido | não é valid
        onbekend | bestaat niet | bestaat hier niet | niet gevonden | niet bekend | finns inte
        finns ej | okänd | hittades inte | findes ikke | ukendt | ukjent | finnes ikke
        ikke funnet | ei löydy | tuntematon | ei ole olemassa | nie istnieje | nieznan
        nie znalezion | neexistuje | neznám | nenalezen | nem létezik | ismeretlen
        nem található | bulunamad | mevcut değil | geçersiz | bilinmeyen | не существует
        не найден | неизвест | нет такого | недействител | не знайден | не існує | невідом
        не зарегистрирован | не обнаружен | не съществува | непознат | nu exist | necunoscut
        nepoznat | ne postoji | ne obstaja | 不存在 | 無此 | 无此 | 未找到 | 找不到 | 查无
        查無 | 無效 | 无效 | 没有这个 | 不正确 | 存在しません | 存在しない | 見つかりません
        宛先不明 | あて先 | 宛先 | 존재하지 | 없는 | 찾을 수 없 | ไม่พบ | không tồn tại
        tidak ditemukan | tidak ada | δεν υπάρχει | δεν βρέθηκε | άγνωστ | לא קיים | غير موجود
    """,
    Reason.CONTENT: """
        spam | unsolicited | junk | virus | malware | infected | phish | content filter
        content … reject | content … polic | content restriction | bulk mail | message contain
        message content | message rejected | message refused | message blocked
        message … rejected | message filtered | message was rejected | banned | suspicious
        profan | inappropriate | surbl | uribl | user rules | recipient preference | executable
        malicious | bare lf | bare cr | rfc 2822 | rfc 5322 | rfc2822 | rfc5322 | rfc822
        not rfc | rfc compliant | attachment … not | attachment … block | attachment type
        invalid header | header … invalid | header … missing | rejected by filter
        mail filter | html mail | spam score | content not | contentfilter | identified as
        classified as | unacceptable | rejected by our | viagra | is filtered | been filtered
        ube, | content … denied | content … block | 垃圾 | 病毒 | スパム | 迷惑 | спам | вирус
        indésirable | pourriel | no deseado | indesiderata
    """,
    Reason.BLOCKED: """
        blocklist | block list | blacklist | black list | blocked | blocking | rbl | dnsbl
        sorbs | spamhaus | spamcop | reputation | sender | your ip | client host | client ip
        sending ip | your host | your server | your mail server | your domain | your address
        your e-mail address | your email address | your network | your isp | your system
        source ip | remote host … reject | reverse dns | ptr | rdns | reverse lookup | spf
        dkim | dmarc | authenticat | not authorized | unauthorized | access denied
        access … denied | policy | policies | prohibit | administrativ | not accept … from
        not allowed | not permitted | mail from | helo | ehlo | dynamic ip | open proxy
        complain | abuse | security | verification | verify failed | callout | callback
        only accept | restricted | moderated | subscribers only | not subscribed | post to
        posting | starttls | certificate | tls | forged | spoof | backscatter | batv
        bounce address | null sender | empty sender | whitelist | white list | challenge
        confirm | country | not interested | denied | permission | refused by | closed list
        members only | trusted | rejected due to | rst.auth | notauthorized | approval | tbl
        antispam | too old | trial account | verdict | mittente | expéditeur | remitente
        absender | отправител
    """,
    Reason.THROTTLED: """
        too many | too much | too fast | too quickly | too frequent | rate limit | rate control
        throttl | at a rate | try again | try later | temporar | greylist | graylist | grey list
        deferred | daily limit | hourly | concurren | slow down | limit exceeded | sending limit
        exceeded … limit | rate that | unusual rate | busy
    """,
    Reason.EXPIRED: """
        expired | retry time | timed out | time-out | timeout | been in the queue | been queued
        queue too long | giving up | gave up | undelivered for | undelivered after
        could not be delivered for | could not be delivered within | hours … days | retries
        delivery time | too long | message age | unable to deliver … days | for … days
        for … hours | for a long time
    """,
    Reason.NETWORK: """
        connection refused | connection reset | connection closed | connection lost
        connection dropped | connection failed | connection died | connection attempt
        no route to host | unreachable | cannot connect | could not connect | not connect
        unable to connect | lost connection | network | host not responding | not respond
        no answer | conversation with | bad connection | name server | dns | lookup | servfail
        mail loop | loop | too many hops | hop count | host is down | host down | mx record
        points back | config error | configuration error | establish
    """,
    Reason.SYSTEM: """
        internal error | internal server | system error | system problem | server error
        local error | local problem | configuration | i/o error | input/output | cannot open
        cannot write | cannot create | cannot append | cannot lock | unable to open
        unable to write | unable to create | unable to lock | unable to process | command not
        command unrec | unrecognized command | syntax error | bad sequence | command died
        service unavailable | service not available | program | procmail | pipe | exit
        database | corrupt | out of memory | resource | mailer
    """,
}

PERHAPS_NO_MAILBOX = """
    mailbox unavailable | mailbox is unavailable | mailbox unavaiable | mailbox not available
    account unavailable | account is unavailable | user unavailable | user is unavailable
    recipient unavailable | address unavailable | mailbox … not available | recipient rejected
    recipient refused | recipient denied | recipient address rejected
    recipient address refused | address rejected | address refused | rejected recipient
    rejected address | recipients … rejected | recipient was rejected | recipient is rejected
    recipient not ok | recipient not accepted | recipient is not accepted | cannot accept user
    cannot accept recipient | rcpt rejected | user rejected | not authorized … recipient
"""
"""Said of dead addresses, and now and then of a sender that is not liked."""

ABOUT_THE_SENDER = """
    sender address | sender verif | sender domain | sender unknown | sender rejected | sender id
    sender denied | sender not | sender is | invalid sender | sender … invalid | bad sender
    unknown sender | sender … not exist | domain of sender | from address | return path
    return-path | mail from command | from domain | envelope sender | senders domain | sender's
    reply address | verify sender | verifying sender | callout | reverse-path
    mail from: … reject | address of the sender | sending address | mittente | expéditeur
    remitente | absender | отправител | 发件人域 | 发件人地址 | 发件人的 | 发信人域 | 發件人網域
    寄件者网域 | 寄件者網域 | 寄件者地址 | 寄件人地址 | 寄件者的 | 送信者ドメイン | 送信元ドメイン
"""
"""Then what does not exist is the sender's address, in that server's eyes."""

ABOUT_OUR_HOST = """
    client host | client ip | client address | your ip | your host | your server | your domain
    your mail server | your network | reverse dns | reverse lookup | reverse hostname | reverse name
    ptr | rdns | hostname … not | helo | ehlo | spf | dkim | dmarc | sending host | sending ip
    sending domain | sending server | connecting ip | connecting host | ip address | blacklist
    blocklist | spamhaus | reputation | source ip | your isp | forward dns | originating ip
    tls certificate | client certificate | whitelist | allowlist | link in this | url in this
"""
"""Then what is not found is a name of ours, unless the words are certain of a reader."""

CERTAIN = """
    user unknown | unknown user | no such user | user not found | user does not exist
    recipient unknown | unknown recipient | no such recipient | recipient not found
    invalid recipient | no such mailbox | mailbox not found | mailbox unavailable | unknown mailbox
    no mailbox | account does not exist | not exist | no such address | address unknown
    recipient address rejected
"""
"""Said of readers and of nothing else."""
