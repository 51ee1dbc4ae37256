"""By what words a mail is known for what it is, before its answer is read. See ``phrases``."""

from newsletter.feedback.phrases import Phrases

FAILURE_SUBJECT = Phrases("""
    undeliver | un-deliver | not deliver | nondeliver | non-deliver | be deliver | returned mail
    returned message | returned e-mail | returned email | returned to sender | return to sender
    return mail | returning | returned: | delivery status | delivery fail | delivery problem
    delivery error | delivery report | delivery notif | delivery unsucc | delivery has failed
    delivery incomplete | delivery delay | delivery not | delivery warning | delivery reject
    delivery: | delivery-status | delivery attempt | delivery status notification | deliver:
    failure notice | failure notif | failure deliver | failure report | failure in
    mail failure | mail fail | failed mail | failed message | failed to deliver | failed deliver
    failure | mail delivery | mail error | mail could not | mail system error | mail warning
    mail returned | mail status | mail not | message status | message not | message could not
    message you sent | message rejected | message blocked | message delayed | message error
    message returned | e-mail not | email not | e-mail error | email error | could not be
    rejected | bounce | ndr: | warning: could not | warning: message | warning: mail
    user unknown | unknown user | unknown address | unknown recipient | address error
    address change | address unknown | error sending | error deliver | error in | error mail
    processing error | postmaster notif | unable to deliver | unable to send | cannot deliver
    could not deliver | mailbox full | mailbox is full | mailbox unavailable | no such user
    not exist | invalid address | invalid recipient | over quota | quota | deferred
    problem deliver | blocked | unroutable | not reach | status report | mail problem
    transport | no longer valid | not known | has failed | non remis | non distribu | échec
    echec | impossible de remettre | retourn | erreur | mancata consegna | mancato recapito
    non recapitat | impossibile recapitare | impossibile consegnare | errore di consegna
    errore consegna | non consegnat | consegna non | non inoltrat | no se puede | no se pudo
    no se ha podido | devuelto | devolución | no entregad | error de entrega
    error en la entrega | error de env | fallo | fallido | unzustellbar | nicht zustell
    konnte nicht | zustellung | zustellfehler | unzustellbare | mailfehler | rücksend
    não entregue | nao entregue | não foi possível | falha | devolvid | onbestelbaar
    niet bezorgd | niet afgeleverd | aflevering | ikke levert | ikke leveret | kunne ikke
    olevererbar | kunde inte | inte levereras | toimitta | ei voitu | niedostarcz
    nie dostarczono | nie można | zwrot | nedoruč | nelze | kézbesít | teslim edil | iletilemedi
    недостав | не доставлен | не удалось | невозможно | возвращ | ошибка достав | не доставлено
    退信 | 退回 | 無法 | 无法 | 未送达 | 未送達 | 投递 | 投遞 | 寄送 | 配信 | エラー | 不達
    送信でき | 배달 | 반송 | 실패 | ไม่สามารถ
""")
FAILURE_BODY = Phrases("""
    not be deliver | not been deliver | not deliver | not be sent | not sent | not reach
    not be reached | not been sent | not relay | not forward | undeliver | unable to deliver
    unable to relay | unable to send | delivery to | delivery of | delivery attempt
    delivery has | delivery failed | delivery status | permanent error | permanent fatal
    fatal error | following recipient | following address | following e-mail | following email
    following user | following destination | following mail | following message
    addresses failed | address(es) failed | addresses had | returned to you | returned to sender
    could not be | was rejected | been rejected | rejected your | failed to deliver
    failed permanently | user unknown | unknown user | no such user | mailbox full
    mailbox is full | unavailable | not a valid | is not valid | giving up | given up
    sorry it did not work | transcript of session | session transcript | not exist
    no valid recipient | failed address | message … error | been returned | did not reach
    not accept | not match | permanently | not found | is not known | undelivered | not listed
    intended recipient | returned mail | delivery of your | unknown or illegal | over quota
    nicht zugestellt | nicht ausgeliefert | konnte nicht | nicht gefunden | non è stato
    non può | non e' stato | non è possibile | impossibile | pas pu | pas été | impossible
    no ha podido | no se ha podido | no pudo | no se pudo | no puede | no se puede | não foi
    não pôde | não pode | nao foi | niet worden | niet bezorgd | niet afgeleverd | kunne ikke
    kunde inte | ei voitu | nie został | nie można | nie mogła | nelze | nem lehet
    nem sikerült | teslim edil | не может | не была | не был | не удалось | не доставлен
    не найден | 无法 | 無法 | できません | 配信 | 失敗 | 退回 | 不存在 | 550 | 551 | 552 | 553
    554 | 5.1. | 5.2. | 5.4. | 5.5. | 5.7.
""")
DELAYED = Phrases("""
    will be retried | will keep trying | will continue | will retry | will be attempted
    still being | no action is required | not yet been deliver | has been delayed
    have been delayed | is delayed | was delayed | delivery … delayed | message … delayed
    mail … delayed | delivery status notification (delay) | delivery delay
    delivery is delayed | not yet deliver | could not … for the past
    could not … for the last | could not send message for past | could not send for past
    warning message only | only a warning | this is a warning | need to resend
    continuing to try | continue trying | continue to try | attempts … continue
    temporarily delayed | not … delivered … after | still trying | still undelivered
    delivery attempts will | retrying for | trying to deliver | keep trying | try again for
    delayed delivery | delivery deferred | message deferred | yet been delivered | (delayed)
    wird fortgesetzt | weiterhin versucht | verzöger | en attente | retardé | ritardo | ritardat
    retrasad | retraso | atrasad | vertraagd | opóźnion | задерж | отложен | 延迟 | 延遲 | 遅延
""")
GIVEN_UP = Phrases("""
    given up | giving up | failed permanently | permanent error | permanent fail
    permanent fatal | permanently fail | fatal error | returned to sender
    been removed from the … queue | delivery has failed | delivery failed permanently
    not retry | no longer try | failed … attempts | will not be retried | no further attempt
""")
SUCCESS_SUBJECT = (
    "delivered:",
    "relayed:",
    "successful mail",
    "successfully delivered",
    "delivery receipt",
    "delivery confirmation",
    "return receipt",
    "success notice",
    "delivery notification: delivery has been successful",
    "delivery status notification (relay)",
    "delivery status notification (success)",
    "read:",
    "not read:",
    "gelesen:",
    "letto:",
    "lu :",
    "lu:",
    "leído:",
    "lido:",
    "прочтено:",
    "已读:",
    "開封済み:",
)
AUTOMATIC_SUBJECT = Phrases("""
    out of office | out of the office | out-of-office | automatic reply | automatic response
    automated reply | automated response | auto reply | auto-reply | autoreply | auto response
    auto-response | autoresponse | autoresponder | auto answer | automatic answer | auto:
    vacation | on holiday | annual leave | maternity leave | parental leave | sick leave
    on leave | away from | currently away | i am away | not in the office | limited access
    thank you for your email | thank you for your e-mail | thank you for your message
    thank you for contacting | thanks for contacting | thanks for your e | we have received your
    we received your | ticket | [case | case # | request received | message received
    has been received | was received | absence du bureau | absent du bureau
    réponse automatique | reponse automatique | absence | en congé | fuori ufficio | fuori sede
    risposta automatica | assenza | in ferie | assente | respuesta automática
    respuesta automatica | fuera de la oficina | fuera de oficina | ausencia | de vacaciones
    resposta automática | resposta automatica | ausência | férias | fora do escrit | abwesen
    automatische antwort | nicht im büro | nicht im haus | urlaub | auto-antwort
    eingangsbestätigung | automatisch antwoord | automatische beantwoording | afwezig | frånvaro
    autosvar | automatiskt svar | automatisk svar | fravær | ikke til stede
    automaattinen vastaus | poissaolo | autoodpowied | odpowiedź automatyczna
    automatyczna odpowied | nieobecno | poza biurem | automatická odpov | nepřítomn
    automatikus válasz | távollét | otomatik yan | ofis dış | автоответ | автоматическ
    вне офиса | отпуск | відпустк | автовідпов | αυτόματη απάντηση | εκτός γραφείου
    răspuns automat | 自动回复 | 自動回覆 | 自動回复 | 自動応答 | 不在 | 休假 | 부재중
    자동 회신 | 자동 응답 | 자동회신 | tự động | ตอบกลับอัตโนมัติ | תשובה אוטומטית | رد تلقائي
    خارج المكتب
""")
CHALLENGE = Phrases("""
    confirm your e | confirm you | confirm that you | confirm receipt of your | verify your e
    verify your message | verify that you | verify you | sender verification | waiting list
    pending verification | challenge | spam arrest | spamarrest | boxbe | tmda | knowspam
    mailblocks | choicemail | release your message | to my guest list | to my allowed
    to my approved | authorization required | approval required | moderator approval
    awaits approval | being held | message … quarantin | action required … deliver
    prove that you are | are you human | unknown sender … confirm
""")
WISH = Phrases("""
    unsubscri | un-subscri | opt out | opt-out | remove me | remove my | delete me | delete my
    take me off | take my | stop sending | stop mailing | stop emailing | do not send
    do not email | do not e-mail | do not mail me | no longer wish | no longer want
    not wish to receive | disiscri | cancellami | cancellatemi | cancellarmi | cancellare il mio
    cancellazione | rimuov | togliete | toglietemi | togliermi | non voglio … ricev
    non desidero … ricev | basta mail | desinscri | désinscri | désabonn | desabonn
    me retirer | retirez | ne plus recevoir | abmeld | abbestell | austragen | kündig
    keine mails mehr | keine e-mails mehr | keinen newsletter | dar de baja | darme de baja
    darse de baja | denme de baja | baja | cancelar … suscri | borrarme | no deseo recibir
    no quiero recibir | descadastr | remover meu | cancelar … inscri | remova
    não quero receber | uitschrijven | afmelden | avregistrera | avsluta pren | afmeld | avmeld
    wypisa | wypisz | rezygn | odhlás | leiratkoz | abonelikten | отписа | отпиш | удалите меня
    відписа | 退订 | 退訂 | 取消订阅 | 取消訂閱 | 不要再发 | 配信停止 | 購読解除 | 수신거부
    수신 거부 | 구독 취소
""")
MACHINE = Phrases("""
    mailer-daemon | post_master | post-master | mailer_daemon | mailerdaemon | postmaster
    mail delivery | mail-daemon | maildaemon | mdaemon | mail system | mail-system
    delivery subsystem | mail administrator | delivery service | mailadmin | mail server
    mailserver | system administrator | administrator@ | delivery system | mail router
    internet mail | mail transfer | mail-delivery | microsoft exchange | microsoftexchange
    mail gateway | mail agent | email system | mailgate | mta- | daemon | メール配信 | 邮件系统
    郵件系統 | системa доставки
""")
