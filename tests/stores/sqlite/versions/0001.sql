-- What a server of schema 1 left behind: a room with a saved state, messages of every fate, one
-- of them not indexed and two without a place yet, and a deleted room that waits to be erased.

INSERT INTO rooms (id, head, state, is_deleted) VALUES
    (100, 3, '{"id":100,"name":"lobby","kind":"public","owner":7,"has_history":true,"created":1760000000001,"changed":2,"members":{"7":[[7,"ana","127.0.0.1:50001"],"member"]}}', 0),
    (200, 1, '{"id":200,"name":"attic","kind":"public","owner":7,"created":1760000000010,"changed":1,"members":{}}', 1);

INSERT INTO events (id, room, seq, kind, target, time, body) VALUES
    (101, 100, 1, 1, NULL, 1760000000001, '{"type":"room_created","name":"lobby","by":[7,"ana","127.0.0.1:50001"]}'),
    (102, 100, 2, 4, NULL, 1760000000002, '{"type":"member_joined","user":[7,"ana","127.0.0.1:50001"]}'),
    (103, 100, 3, 100, NULL, 1760000000003, '{"type":"message_posted","author":[7,"ana","127.0.0.1:50001"],"text":"Olá, tea at five?"}'),
    (104, 100, 4, 101, 103, 1760000000004, '{"type":"message_edited","by":[7,"ana","127.0.0.1:50001"],"target":103,"text":"Olá, tea at six?"}'),
    (105, 100, 5, 100, NULL, 1760000000005, '{"type":"message_posted","author":[7,"ana","127.0.0.1:50001"],"text":""}'),
    (106, 100, 6, 102, 105, 1760000000006, '{"type":"message_deleted","by":[7,"ana","127.0.0.1:50001"],"target":105}'),
    (107, 100, 7, 103, 103, 1760000000007, '{"type":"reaction_added","by":[8,"rui","127.0.0.1:50002"],"target":103,"reaction":"👍"}'),
    (201, 200, 1, 1, NULL, 1760000000010, '{"type":"room_created","name":"attic","by":[7,"ana","127.0.0.1:50001"]}'),
    (202, 200, 2, 2, NULL, 1760000000011, '{"type":"room_deleted","by":[7,"ana","127.0.0.1:50001"]}'),
    (203, 100, 8, 3, NULL, 1760000000012, '{"type":"topic_changed","by":[7,"ana","127.0.0.1:50001"],"topic":"Tea"}'),
    (204, 100, 9, 100, NULL, 1760000000013, '{"type":"message_posted","author":[8,"rui","127.0.0.1:50002"],"text":"Chá às seis"}');

INSERT INTO places (room, is_message, seq, id) VALUES
    (100, 0, 1, 101), (100, 0, 2, 102), (100, 1, 3, 103), (100, 0, 4, 104), (100, 1, 5, 105),
    (100, 0, 6, 106), (100, 0, 7, 107), (200, 0, 1, 201), (200, 0, 2, 202);

INSERT INTO words (rowid, room, text) VALUES (103, '100', 'ola tea at six');

INSERT INTO marks (identity, room, seq) VALUES ('n:ana', 100, 3), ('n:ana', 200, 1);

UPDATE meta SET value = 202 WHERE name IN ('placed', 'indexed');
UPDATE meta SET value = 0 WHERE name = 'clean';
