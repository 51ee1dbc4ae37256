"""The first page of help. It imports nothing, so that it shows as fast as Python starts.

`tests/cli/test_front.py` holds it to the commands that there are.
"""

TEXT = """\
Usage: newsletter COMMAND [OPTIONS]         newsletter COMMAND --help tells more

Nothing leaves your machine until you type `send`.

Write   init           a working newsletter in an empty folder
        issue          new · list · show · diff · image · translated · schema
        theme          list · new · check: how the pages look
        demo           the whole path on a sample, on this machine alone
Check   check          is it fit to send? doctor: is the ground? relay, DNS
        build          HTML, text, .eml of all pages; keys new · rotate · dns
        preview        the pages in the browser, new at every save
        inbox          the staging inbox and its page; test: every variant to it
Send    plan           who would get what, and when all is done; warmup set
        send           record the plan and send it, now, --at a time, --every
        schedule       list · move · cancel what is to be sent; approve an issue
        worker         run what is due until stopped (run-due: one pass)
        status         who got it, who did not, what is waiting
        pause          resume · cancel · retry · reconcile who is in doubt
After   report         the answers; bounces fetch · process · reset; complaints
        lists          the lists; segments list · count · explain
        subscribers    check · show · add · import, export · unsubscribe, forget
        serve          the public pages; archive build · correct: what was sent
        consent        export · expiring · withdraw; suppressions add, remove
        ledger         verify · backup · prune · migrate · copy · take-over
"""
