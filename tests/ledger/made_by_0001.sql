BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE attempt (
	campaign INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	n INTEGER NOT NULL, 
	run INTEGER, 
	at BIGINT NOT NULL, 
	outcome VARCHAR(12) NOT NULL, 
	phase VARCHAR(12) NOT NULL, 
	blame VARCHAR(12) NOT NULL, 
	code INTEGER, 
	reply BLOB, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_attempt PRIMARY KEY (campaign, seq, n), 
	CONSTRAINT fk_attempt_campaign FOREIGN KEY(campaign) REFERENCES campaign (id)
)
 WITHOUT ROWID

;
INSERT INTO "attempt" VALUES(1,1,1,1,1796288400000000,'accepted','dot','',250,X'13A3299081B7118174FB0E464677C927','');
INSERT INTO "attempt" VALUES(1,2,1,1,1796288400000000,'deferred','rcpt','',450,X'059C5E11F2DE2C6D24F9B097A3362819','');
INSERT INTO "attempt" VALUES(1,2,2,1,1796288400000000,'deferred','rcpt','',451,X'911E9C2E0EAA4108FF80D9E5F0783009','');
INSERT INTO "attempt" VALUES(1,3,1,1,1796288400000000,'refused','rcpt','reader',550,X'AE5FFBD5C6E3B02B190679618D42AB28','');
INSERT INTO "attempt" VALUES(1,4,1,1,1796288400000000,'in_doubt','dot','',NULL,NULL,'connection lost');
INSERT INTO "attempt" VALUES(1,4,2,NULL,1796288400000000,'accepted','dot','',250,X'70E03F8ED833CB2D9C965831CFBCDCB8','');
INSERT INTO "attempt" VALUES(1,5,1,1,1796288400000000,'accepted','dot','',250,X'5CB0369C7CCF78567BCA692E4DC6EF00','');
INSERT INTO "attempt" VALUES(1,6,1,1,1796288400000000,'accepted','dot','',250,X'13A3299081B7118174FB0E464677C927','');
CREATE TABLE campaign (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	slug TEXT NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	reason TEXT NOT NULL, 
	content_digest VARCHAR(64) NOT NULL, 
	audience_digest VARCHAR(64) NOT NULL, 
	recipients INTEGER NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	due_at BIGINT, 
	due_wall VARCHAR(40), 
	due_zone TEXT, 
	terms TEXT NOT NULL, 
	arithmetic TEXT NOT NULL, 
	per_list TEXT NOT NULL, 
	section_readers TEXT NOT NULL, 
	nonce VARCHAR(32) NOT NULL, 
	epoch INTEGER NOT NULL
);
INSERT INTO "campaign" VALUES(1,'2026-11','running','','aa90a67f2cd83fe7a38164ea5edba1565e933a6dbb23c74b8c9bfa3190c3b151','3cb4a440b10bfe5eb65281e2631c85fd9afad2e75201cb7f154eb176475ea145',8,1796288400000000,NULL,NULL,NULL,'{"rate":[1000.0,1],"connections":1,"profile":"staging","envelope_sender":"bounces@list.example","unsubscribe_base":"https://list.example","unsubscribe_mailto":"leave@list.example","on_doubt":"hold"}','{"on_lists":8,"overlap":0,"not_in_segment":0,"excluded":0,"suppressed":{}}','{"soci":8}','{}','a2f7ecdf6eede161af272b475998f6df',1);
CREATE TABLE delivery (
	campaign INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	attempts INTEGER NOT NULL, 
	deferrals INTEGER NOT NULL, 
	losses INTEGER NOT NULL, 
	doubted BOOLEAN NOT NULL, 
	first_tried BIGINT, 
	last_tried BIGINT, 
	next_at BIGINT, 
	code INTEGER, 
	reply BLOB, 
	run INTEGER, 
	CONSTRAINT pk_delivery PRIMARY KEY (campaign, seq), 
	CONSTRAINT fk_delivery_campaign FOREIGN KEY(campaign) REFERENCES campaign (id)
)
 WITHOUT ROWID

;
INSERT INTO "delivery" VALUES(1,1,'accepted',1,0,0,0,1796288400000000,1796288400000000,NULL,250,X'13A3299081B7118174FB0E464677C927',1);
INSERT INTO "delivery" VALUES(1,2,'deferred',2,2,0,0,1796288400000000,1796288400000000,1796288700000000,451,X'911E9C2E0EAA4108FF80D9E5F0783009',1);
INSERT INTO "delivery" VALUES(1,3,'refused',1,0,0,0,1796288400000000,1796288400000000,NULL,550,X'AE5FFBD5C6E3B02B190679618D42AB28',1);
INSERT INTO "delivery" VALUES(1,4,'accepted',2,0,0,1,1796288400000000,1796288400000000,NULL,250,X'70E03F8ED833CB2D9C965831CFBCDCB8',1);
INSERT INTO "delivery" VALUES(1,5,'accepted',1,0,0,0,1796288400000000,1796288400000000,NULL,250,X'5CB0369C7CCF78567BCA692E4DC6EF00',1);
INSERT INTO "delivery" VALUES(1,6,'accepted',1,0,0,0,1796288400000000,1796288400000000,NULL,250,X'13A3299081B7118174FB0E464677C927',1);
INSERT INTO "delivery" VALUES(1,7,'claimed',0,0,0,0,NULL,NULL,NULL,NULL,NULL,1);
INSERT INTO "delivery" VALUES(1,8,'queued',0,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE event (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	campaign INTEGER, 
	at BIGINT NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT fk_event_campaign FOREIGN KEY(campaign) REFERENCES campaign (id)
);
INSERT INTO "event" VALUES(1,1,1796288400000000,'recorded','8 recipients');
INSERT INTO "event" VALUES(2,1,1796288400000000,'started','by process 4242 on desk.example');
INSERT INTO "event" VALUES(3,1,1796288400000000,'reconciled','recipient 4: accepted. relay log');
CREATE TABLE meta (
	"key" VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('ledger','9542a8aa8e674d5794dd39ec1647eb2b');
CREATE TABLE recipient (
	campaign INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	address_key TEXT NOT NULL, 
	address TEXT NOT NULL, 
	variant INTEGER NOT NULL, 
	fields TEXT NOT NULL, 
	lists TEXT NOT NULL, 
	CONSTRAINT pk_recipient PRIMARY KEY (campaign, seq), 
	CONSTRAINT fk_recipient_campaign FOREIGN KEY(campaign) REFERENCES campaign (id), 
	CONSTRAINT uq_recipient_campaign_address_key UNIQUE (campaign, address_key)
)
 WITHOUT ROWID

;
INSERT INTO "recipient" VALUES(1,1,'r1@reader.example','r1@reader.example',0,'{"first_name":"Nome1"}','["soci"]');
INSERT INTO "recipient" VALUES(1,2,'r2@reader.example','r2@reader.example',0,'{"first_name":"Nome2"}','["soci"]');
INSERT INTO "recipient" VALUES(1,3,'r3@reader.example','r3@reader.example',0,'{"first_name":"Nome3"}','["soci"]');
INSERT INTO "recipient" VALUES(1,4,'r4@reader.example','r4@reader.example',0,'{"first_name":"Nome4"}','["soci"]');
INSERT INTO "recipient" VALUES(1,5,'r5@reader.example','r5@reader.example',0,'{"first_name":"Nome5"}','["soci"]');
INSERT INTO "recipient" VALUES(1,6,'r6@reader.example','r6@reader.example',0,'{"first_name":"Nome6"}','["soci"]');
INSERT INTO "recipient" VALUES(1,7,'r7@reader.example','r7@reader.example',0,'{"first_name":"Nome7"}','["soci"]');
INSERT INTO "recipient" VALUES(1,8,'r8@reader.example','r8@reader.example',0,'{"first_name":"Nome8"}','["soci"]');
CREATE TABLE reply_text (
	hash BLOB NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_reply_text PRIMARY KEY (hash)
);
INSERT INTO "reply_text" VALUES(X'13A3299081B7118174FB0E464677C927','2.0.0 Ok: queued as 4F2A');
INSERT INTO "reply_text" VALUES(X'059C5E11F2DE2C6D24F9B097A3362819','4.2.0 try later');
INSERT INTO "reply_text" VALUES(X'AE5FFBD5C6E3B02B190679618D42AB28','5.1.1 no such user');
INSERT INTO "reply_text" VALUES(X'5CB0369C7CCF78567BCA692E4DC6EF00','Ok \udce9 \x00 
 ''x''');
INSERT INTO "reply_text" VALUES(X'911E9C2E0EAA4108FF80D9E5F0783009','4.7.1 greylisted');
INSERT INTO "reply_text" VALUES(X'70E03F8ED833CB2D9C965831CFBCDCB8','relay log');
CREATE TABLE run (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	campaign INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	pid INTEGER NOT NULL, 
	host TEXT NOT NULL, 
	boot VARCHAR(64) NOT NULL, 
	started_at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	why TEXT NOT NULL, 
	CONSTRAINT fk_run_campaign FOREIGN KEY(campaign) REFERENCES campaign (id)
);
INSERT INTO "run" VALUES(1,1,1,4242,'desk.example','boot',1796288400000000,1796288400000000,NULL,'');
CREATE TABLE suppression (
	address_key TEXT NOT NULL, 
	address TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	source TEXT NOT NULL, 
	note TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_suppression PRIMARY KEY (address_key)
);
CREATE TABLE variant (
	campaign INTEGER NOT NULL, 
	n INTEGER NOT NULL, 
	language VARCHAR(20) NOT NULL, 
	sections TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	preheader TEXT NOT NULL, 
	readers INTEGER NOT NULL, 
	compiled BLOB NOT NULL, 
	CONSTRAINT pk_variant PRIMARY KEY (campaign, n), 
	CONSTRAINT fk_variant_campaign FOREIGN KEY(campaign) REFERENCES campaign (id)
);
INSERT INTO "variant" VALUES(1,0,'it','["china"]','Oggetto','Intro',8,X'7B2276657273696F6E223A312C227365676D656E7473223A5B22222C22222C225C725C6E4369616F20222C225C725C6E225D2C22736C6F7473223A5B5B22656D61696C222C6E756C6C2C22746F225D2C5B226D6573736167655F6964222C6E756C6C2C226D6573736167652D6964225D2C5B2266697273745F6E616D65222C226C65747472696365222C2274657874225D5D7D');
CREATE INDEX ix_campaign_slug ON campaign (slug);
CREATE INDEX ix_delivery_retry ON delivery (campaign, next_at) WHERE state = 'deferred';
CREATE INDEX ix_event_campaign ON event (campaign);
CREATE INDEX ix_recipient_address_key ON recipient (address_key);
CREATE INDEX ix_run_campaign ON run (campaign);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('campaign',1);
INSERT INTO "sqlite_sequence" VALUES('event',3);
INSERT INTO "sqlite_sequence" VALUES('run',1);
COMMIT;
