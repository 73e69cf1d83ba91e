BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE asset (
	id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	token TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	rel_path TEXT NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(study_id) REFERENCES study (id), 
	UNIQUE (token)
);
INSERT INTO "asset" VALUES(1,1,'a2b9b320c641158ff38d3799ef29df2e','20f54c3ac13347fb04644efe0a1630e50aaec41b2a08bbb43eb76de11e650472','assets/a2b9b320c641158ff38d3799ef29df2e.png',64,64);
INSERT INTO "asset" VALUES(2,1,'9d5bdd130db647622893ba2f084416a3','ee12980cf019e41be9a161f247c8a369f7ff61e538a5564deee2d3929e9bf9f7','assets/9d5bdd130db647622893ba2f084416a3.png',64,64);
INSERT INTO "asset" VALUES(3,1,'f0b8695f20064f2d4022858b4ad62d9d','57b97c174543a337c14b0f404bbb9f2b8124519213f56dfbccf5f41788a10655','assets/f0b8695f20064f2d4022858b4ad62d9d.png',64,64);
INSERT INTO "asset" VALUES(4,1,'5585adb33c9b536e7e88a44d3c056d96','bf817240b745b71548073ac96d9fb60aa14183286d6b3ebc14fa449d363920a0','assets/5585adb33c9b536e7e88a44d3c056d96.png',64,64);
INSERT INTO "asset" VALUES(5,1,'102c1a782a07e6632603df02f3ef08c8','48845b78615b3d346f6faca9cb892ee208a13a31ff9a3142c1d73ac2d366c303','assets/102c1a782a07e6632603df02f3ef08c8.png',64,64);
INSERT INTO "asset" VALUES(6,1,'202145ee52fa204c59ce34bb77f9c80a','e2528639f0c3fc540fdd2b23551991ca70b3617ebba4bbc4f4b6313b81704a2a','assets/202145ee52fa204c59ce34bb77f9c80a.png',64,64);
INSERT INTO "asset" VALUES(7,1,'8704734263d8b4ee4d7657fb3c3e9d1e','5d90096e3d47ed3bc0a26ccc9b83deeec8140a989689cf88963094a2768aa5c3','assets/8704734263d8b4ee4d7657fb3c3e9d1e.png',64,64);
INSERT INTO "asset" VALUES(8,1,'4c06ef70242c24ebcfa1242f968c9acc','58bfc8da1e57b8784b4f2fdcba4ae8f44eb9f6fc67b85c4e8fbfb88cbcd7d32c','assets/4c06ef70242c24ebcfa1242f968c9acc.png',64,64);
INSERT INTO "asset" VALUES(9,1,'2881bb93db97d3ac95f332eb12930e51','5dfcf8eb812dfa4aaac6167dfe6ce1f82fd2ebfd3a86124143cb4ff9e6d67ab9','assets/2881bb93db97d3ac95f332eb12930e51.png',64,64);
INSERT INTO "asset" VALUES(10,1,'32a552ae9dfc977a6bc7682998588b98','224bab20eb15a4a55a54fac1c107d38ccafa05ae6d9b58322c5703c747ded964','assets/32a552ae9dfc977a6bc7682998588b98.png',64,64);
INSERT INTO "asset" VALUES(11,1,'370d629e9f6c7a6078eb2ef24f9c0932','8e1df53d0c361d44b6eac6070cd920ca82edd049f5c7e31910790cdeb8b8e6e0','assets/370d629e9f6c7a6078eb2ef24f9c0932.png',64,64);
INSERT INTO "asset" VALUES(12,1,'2556e92a9d96093eb664233c46ddeba1','1022f541c73fa06497b6d6302687633a5d4af93fd39a5281c85973aafc64bf9c','assets/2556e92a9d96093eb664233c46ddeba1.png',64,64);
INSERT INTO "asset" VALUES(13,1,'66b7f31d9e464354f5568e423a4ace62','bd40ba7131373bdd92d872a7729b9f9212db7fa3ae5711502b4971750de85fc5','assets/66b7f31d9e464354f5568e423a4ace62.png',64,64);
INSERT INTO "asset" VALUES(14,1,'80812f294fd9198b8c3a7882839cb285','643a7e9ccc3500b932dc0cca22d790d1f94ac9daa672f71b495d4485bc66bc86','assets/80812f294fd9198b8c3a7882839cb285.png',64,64);
INSERT INTO "asset" VALUES(15,1,'421320fe5ed7f3f43732b84bba66d84b','9d665d166975ff9439973e451cee8e4a953872575b9c98018d1018ec8b37b929','assets/421320fe5ed7f3f43732b84bba66d84b.png',64,64);
INSERT INTO "asset" VALUES(16,1,'5253c6e29ab9f705302b08220f4028e3','f9dff9a98c8b4bec5985aaca1050a0993fb1b290e1069c996e714305212a4c02','assets/5253c6e29ab9f705302b08220f4028e3.png',64,64);
CREATE TABLE assignment (
	id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	rater_id INTEGER NOT NULL, 
	set_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	stimulus_order TEXT NOT NULL, 
	state TEXT DEFAULT 'planned' NOT NULL, 
	shown_at TEXT, 
	done_at TEXT, 
	submit_key TEXT NOT NULL, 
	replaces INTEGER, 
	PRIMARY KEY (id), 
	CONSTRAINT ck_state CHECK (state IN ('planned', 'shown', 'done', 'void')), 
	UNIQUE (rater_id, position), 
	UNIQUE (rater_id, set_id), 
	FOREIGN KEY(study_id) REFERENCES study (id), 
	FOREIGN KEY(rater_id) REFERENCES rater (id), 
	FOREIGN KEY(set_id) REFERENCES item_set (id), 
	UNIQUE (submit_key), 
	UNIQUE (replaces), 
	FOREIGN KEY(replaces) REFERENCES assignment (id)
);
INSERT INTO "assignment" VALUES(1,1,1,4,0,'7 8','done','2026-11-28T18:06:57.501+00:00','2026-11-28T18:06:57.514+00:00','0febaaa604796a9af55c42c14de520aa',NULL);
INSERT INTO "assignment" VALUES(2,1,1,2,1,'3 4','done','2026-11-28T18:06:57.522+00:00','2026-11-28T18:06:57.534+00:00','9cf45e7798d9c32b9f34f837c8232309',NULL);
INSERT INTO "assignment" VALUES(3,1,1,3,2,'6 5','planned',NULL,NULL,'f857309b266ac97a462b44a85e545027',NULL);
INSERT INTO "assignment" VALUES(4,1,2,4,0,'7 8','planned',NULL,NULL,'4ac13b833eb09907542b9ab308d5be90',NULL);
INSERT INTO "assignment" VALUES(5,1,2,3,1,'5 6','planned',NULL,NULL,'d1629c81583eb5af5c643c76952fe11a',NULL);
INSERT INTO "assignment" VALUES(6,1,2,1,2,'2 1','planned',NULL,NULL,'23a0a641094ddd6580e821dab500797e',NULL);
CREATE TABLE event (
	id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	rater_id INTEGER, 
	assignment_id INTEGER, 
	kind TEXT NOT NULL, 
	at TEXT NOT NULL, 
	detail_json TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(study_id) REFERENCES study (id), 
	FOREIGN KEY(rater_id) REFERENCES rater (id), 
	FOREIGN KEY(assignment_id) REFERENCES assignment (id)
);
INSERT INTO "event" VALUES(1,1,NULL,NULL,'created','2026-11-28T18:06:57.399+00:00','{"raters": 2, "sets": 4}');
INSERT INTO "event" VALUES(2,1,NULL,NULL,'opened','2026-11-28T18:06:57.442+00:00',NULL);
INSERT INTO "event" VALUES(3,1,1,NULL,'joined','2026-11-28T18:06:57.463+00:00',NULL);
INSERT INTO "event" VALUES(4,1,1,NULL,'consented','2026-11-28T18:06:57.476+00:00','{"answers": {}, "version": "v1"}');
INSERT INTO "event" VALUES(5,1,1,NULL,'instructions','2026-11-28T18:06:57.486+00:00',NULL);
INSERT INTO "event" VALUES(6,1,1,1,'shown','2026-11-28T18:06:57.501+00:00',NULL);
INSERT INTO "event" VALUES(7,1,1,1,'submitted','2026-11-28T18:06:57.515+00:00',NULL);
INSERT INTO "event" VALUES(8,1,1,2,'shown','2026-11-28T18:06:57.522+00:00',NULL);
INSERT INTO "event" VALUES(9,1,1,2,'submitted','2026-11-28T18:06:57.535+00:00',NULL);
CREATE TABLE item_set (
	id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	pair_key TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	source_asset INTEGER NOT NULL, 
	target_asset INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (study_id, pair_key, kind), 
	CONSTRAINT ck_kind CHECK (kind IN ('main', 'training', 'gold', 'repeat')), 
	FOREIGN KEY(study_id) REFERENCES study (id), 
	FOREIGN KEY(source_asset) REFERENCES asset (id), 
	FOREIGN KEY(target_asset) REFERENCES asset (id)
);
INSERT INTO "item_set" VALUES(1,1,'main000','main',1,2);
INSERT INTO "item_set" VALUES(2,1,'main001','main',5,6);
INSERT INTO "item_set" VALUES(3,1,'main002','main',9,10);
INSERT INTO "item_set" VALUES(4,1,'training000','training',13,14);
CREATE TABLE method (
	id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	run_ref TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (study_id, name), 
	FOREIGN KEY(study_id) REFERENCES study (id)
);
INSERT INTO "method" VALUES(1,1,'DeepFakes','');
INSERT INTO "method" VALUES(2,1,'FaceShifter','');
CREATE TABLE rater (
	id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	token_sha256 TEXT NOT NULL, 
	state TEXT DEFAULT 'invited' NOT NULL, 
	external_sha256 TEXT, 
	language TEXT, 
	joined_at TEXT, 
	consent_version TEXT, 
	consented_at TEXT, 
	instructions_at TEXT, 
	break_at TEXT, 
	finished_at TEXT, 
	excluded_reason TEXT, 
	PRIMARY KEY (id), 
	CONSTRAINT ck_state CHECK (state IN ('invited', 'active', 'finished', 'withdrawn', 'excluded')), 
	UNIQUE (study_id, ordinal), 
	UNIQUE (study_id, external_sha256), 
	FOREIGN KEY(study_id) REFERENCES study (id), 
	UNIQUE (token_sha256)
);
INSERT INTO "rater" VALUES(1,1,1,'ef9f587f4be4cf27d4cc3869c94d1cec0ea2f1999fe618caa4f8a310bf355778','active',NULL,'en','2026-11-28T18:06:57.463+00:00','v1','2026-11-28T18:06:57.476+00:00','2026-11-28T18:06:57.486+00:00',NULL,NULL,NULL);
INSERT INTO "rater" VALUES(2,1,2,'9318b7dd572a6c5a172fbb045b98568c83bd2bbe20a6575c73106d602383a4e7','invited',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE rating (
	assignment_id INTEGER NOT NULL, 
	stimulus_id INTEGER NOT NULL, 
	question TEXT NOT NULL, 
	score SMALLINT NOT NULL, 
	slot SMALLINT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (assignment_id, stimulus_id, question), 
	CONSTRAINT ck_question CHECK (question IN ('realism', 'identity', 'attributes')), 
	CONSTRAINT ck_score CHECK (score BETWEEN 0 AND 5), 
	FOREIGN KEY(assignment_id) REFERENCES assignment (id), 
	FOREIGN KEY(stimulus_id) REFERENCES stimulus (id)
);
INSERT INTO "rating" VALUES(1,7,'attributes',0,0,'2026-11-28T18:06:57.514+00:00');
INSERT INTO "rating" VALUES(1,7,'identity',0,0,'2026-11-28T18:06:57.514+00:00');
INSERT INTO "rating" VALUES(1,7,'realism',0,0,'2026-11-28T18:06:57.514+00:00');
INSERT INTO "rating" VALUES(1,8,'attributes',0,1,'2026-11-28T18:06:57.514+00:00');
INSERT INTO "rating" VALUES(1,8,'identity',0,1,'2026-11-28T18:06:57.514+00:00');
INSERT INTO "rating" VALUES(1,8,'realism',0,1,'2026-11-28T18:06:57.514+00:00');
INSERT INTO "rating" VALUES(2,3,'attributes',1,0,'2026-11-28T18:06:57.534+00:00');
INSERT INTO "rating" VALUES(2,3,'identity',1,0,'2026-11-28T18:06:57.534+00:00');
INSERT INTO "rating" VALUES(2,3,'realism',1,0,'2026-11-28T18:06:57.534+00:00');
INSERT INTO "rating" VALUES(2,4,'attributes',1,1,'2026-11-28T18:06:57.534+00:00');
INSERT INTO "rating" VALUES(2,4,'identity',1,1,'2026-11-28T18:06:57.534+00:00');
INSERT INTO "rating" VALUES(2,4,'realism',1,1,'2026-11-28T18:06:57.534+00:00');
CREATE TABLE stimulus (
	id INTEGER NOT NULL, 
	set_id INTEGER NOT NULL, 
	method_id INTEGER NOT NULL, 
	asset_id INTEGER NOT NULL, 
	expect_json TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (set_id, method_id), 
	FOREIGN KEY(set_id) REFERENCES item_set (id), 
	FOREIGN KEY(method_id) REFERENCES method (id), 
	FOREIGN KEY(asset_id) REFERENCES asset (id)
);
INSERT INTO "stimulus" VALUES(1,1,1,3,NULL);
INSERT INTO "stimulus" VALUES(2,1,2,4,NULL);
INSERT INTO "stimulus" VALUES(3,2,1,7,NULL);
INSERT INTO "stimulus" VALUES(4,2,2,8,NULL);
INSERT INTO "stimulus" VALUES(5,3,1,11,NULL);
INSERT INTO "stimulus" VALUES(6,3,2,12,NULL);
INSERT INTO "stimulus" VALUES(7,4,1,15,NULL);
INSERT INTO "stimulus" VALUES(8,4,2,16,NULL);
CREATE TABLE study (
	id INTEGER NOT NULL, 
	slug TEXT NOT NULL, 
	spec_json TEXT NOT NULL, 
	spec_sha256 TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	seed BIGINT NOT NULL, 
	state TEXT DEFAULT 'draft' NOT NULL, 
	schema_version INTEGER NOT NULL, 
	open_token_sha256 TEXT, 
	PRIMARY KEY (id), 
	CONSTRAINT ck_state CHECK (state IN ('draft', 'open', 'closed')), 
	UNIQUE (slug), 
	UNIQUE (open_token_sha256)
);
INSERT INTO "study" VALUES(1,'old','{
  "spec_version": 1,
  "title": "A study of noise",
  "slug": "old",
  "data": "",
  "methods": [
    {
      "name": "DeepFakes",
      "run": "",
      "digest": ""
    },
    {
      "name": "FaceShifter",
      "run": "",
      "digest": ""
    }
  ],
  "seed": 5,
  "counts": {
    "sets": 3,
    "raters": 2,
    "per_rater": 2,
    "training": 1,
    "gold": 0,
    "repeats": 0
  },
  "screening": {
    "min_gold_passed": 0.5,
    "max_repeat_difference": 1.5,
    "min_score_sd": 0.4,
    "min_correlation": 0.2,
    "min_median_seconds": 6.0
  },
  "languages": [
    "en"
  ],
  "picture_side": 64,
  "break_after": 20,
  "completion_code": "",
  "completion_url": ""
}
','bb0366252fd76b342403995ebcaff91ad029547d71d0e6619c0aefc8f9943644','2026-11-28T18:06:57.376+00:00',5,'open',1,'f16ffdb8b5fcd742a57c9c11c88208cd13df5d8a9bb7e63104539f94def796cf');
CREATE INDEX ix_assignment_todo ON assignment (rater_id, state, position);
CREATE INDEX ix_event_time ON event (study_id, at);
COMMIT;
