// SPDX-License-Identifier: GPL-2.0-or-later
//
// s7_peer.js - one end of an S7 conversation, by snap7 (node-snap7) or nodes7:
//
//     node s7_peer.js MODULES serve ADDRESS
//     node s7_peer.js MODULES ask ADDRESS KIND OPERATION...
//     node s7_peer.js MODULES poll ADDRESS SECONDS KIND OPERATION...
//     node s7_peer.js MODULES collect ADDRESS ITEM...
//
// MODULES is the folder that has both in its node_modules. A served PLC is a snap7 server in rack 0, slot 2, with the data
// blocks 10, 20 and 30, inputs, outputs and merkers. `ask` is a snap7 client; KIND is how it connects: pg, op or basic. An
// OPERATION is one argument:
//
//     read AREA FIRST COUNT            octets; AREA is db10, i, q or m
//     several AREA FIRST COUNT ...     several blocks in one request
//     set-int DB FIRST VALUE...        INTs, one request
//     set-real DB FIRST VALUE          a REAL
//     set-bit OCTET BIT VALUE          a merker
//     szl ID INDEX   blocks   block-info NUMBER   get-clock   set-clock   stop   start   cold-start   delete NUMBER
//     download NUMBER OCTETS           a data block of so many octets
//
// It takes refusals as they come: it asks, takes the answer and goes on. `poll` repeats the operations on one connection for so
// long, and fails with the first one that is not done. `collect` reads the ITEMs with nodes7, which
// packs them as it likes, and ends.
'use strict';
const path = require('path');
const { createRequire } = require('module');

const [modules, what, address, ...rest] = process.argv.slice(2);
const fromModules = createRequire(path.join(path.resolve(modules), 'node_modules', 'here.js'));
const PLC_RACK = 0;
const PLC_SLOT = 2;
const KINDS = { pg: 1, op: 2, basic: 3 };
const TYPE_INT = 5; // on the wire; snap7 itself has no word for it and sends what it is given
const CONNECT_MS = 20000; // snap7 itself waits 750 ms, less than it takes until a lost SYN is sent again
const ANSWER_MS = 10000;
const BLOCK_HEAD = 36;
const BLOCK_FOOT = 56;

// ---- device -------------------------------------------------------------------------------------------------------

function filled(octets) {
    const buffer = Buffer.alloc(octets);
    for (let i = 0; i < octets; i++)
        buffer[i] = i % 251;
    return buffer;
}

function serve() {
    const { S7Server } = fromModules('node-snap7');
    const server = new S7Server();
    server.RegisterArea(server.srvAreaPE, filled(16));
    server.RegisterArea(server.srvAreaPA, filled(16));
    server.RegisterArea(server.srvAreaMK, filled(64));
    server.RegisterArea(server.srvAreaDB, 10, filled(128));
    server.RegisterArea(server.srvAreaDB, 20, Buffer.alloc(64));
    server.RegisterArea(server.srvAreaDB, 30, filled(128));
    if (!server.StartTo(address))
        throw new Error(server.ErrorText(server.LastError()));
    console.log('ready');
    setInterval(() => server.ServerStatus(), 1000); // who holds it no longer loses it: collected, it closes all connections
}

// ---- snap7 client -------------------------------------------------------------------------------------------------

function area(client, name) {
    const areas = { i: client.S7AreaPE, q: client.S7AreaPA, m: client.S7AreaMK };
    return name.startsWith('db') ? [client.S7AreaDB, Number(name.slice(2))] : [areas[name], 0];
}

function blocksOf(client, words) {
    const blocks = [];
    for (let i = 0; i < words.length; i += 3) {
        const [code, number] = area(client, words[i]);
        blocks.push({ Area: code, WordLen: client.S7WLByte, DBNumber: number, Start: Number(words[i + 1]),
            Amount: Number(words[i + 2]) });
    }
    return blocks;
}

function ints(values) {
    const buffer = Buffer.alloc(2 * values.length);
    values.forEach((value, i) => buffer.writeInt16BE(Number(value), 2 * i));
    return buffer;
}

function real(value) {
    const buffer = Buffer.alloc(4);
    buffer.writeFloatBE(Number(value));
    return buffer;
}

// A data block as it is loaded: head, octets, foot with the names of author, family and block.
function dataBlock(number, octets) {
    const block = Buffer.alloc(BLOCK_HEAD + octets + BLOCK_FOOT);
    block.writeUInt16BE(0x7070, 0);
    block[2] = 1;
    block[3] = 1; // linked
    block[4] = 5; // language: DB
    block[5] = 0x0a;
    block.writeUInt16BE(number, 6);
    block.writeUInt32BE(block.length, 8);
    block.writeUInt16BE(octets, 34);
    filled(octets).copy(block, BLOCK_HEAD);
    block.write('LINE4', block.length - 36, 'latin1');
    block.write('FILLING', block.length - 28, 'latin1');
    block.write('RECIPE', block.length - 20, 'latin1');
    block[block.length - 12] = 0x11;
    return block;
}

const OPERATIONS = {
    read: (client, [name, first, count]) =>
        client.ReadArea(...area(client, name), Number(first), Number(count), client.S7WLByte),
    several: (client, words) => client.ReadMultiVars(blocksOf(client, words)),
    'set-int': (client, [db, first, ...values]) =>
        client.WriteMultiVars([{ Area: client.S7AreaDB, WordLen: TYPE_INT, DBNumber: Number(db), Start: Number(first),
            Amount: values.length, Data: ints(values) }]),
    'set-real': (client, [db, first, value]) =>
        client.WriteArea(client.S7AreaDB, Number(db), Number(first), 1, client.S7WLReal, real(value)),
    'set-bit': (client, [octet, bit, value]) =>
        client.WriteArea(client.S7AreaMK, 0, 8 * Number(octet) + Number(bit), 1, client.S7WLBit, Buffer.from([Number(value)])),
    szl: (client, [id, index]) => client.ReadSZL(Number(id), Number(index)),
    blocks: (client) => client.ListBlocks(),
    'block-info': (client, [number]) => client.GetAgBlockInfo(client.Block_DB, Number(number)),
    'get-clock': (client) => client.GetPlcDateTime(),
    'set-clock': (client) => client.SetPlcDateTime(new Date(Date.UTC(2026, 10, 21, 6, 0, 0))),
    stop: (client) => client.PlcStop(),
    start: (client) => client.PlcHotStart(),
    'cold-start': (client) => client.PlcColdStart(),
    delete: (client, [number]) => client.Delete(client.Block_DB, Number(number)),
    download: (client, [number, octets]) => client.Download(Number(number), dataBlock(Number(number), Number(octets))),
};

function connected(kind) {
    const { S7Client } = fromModules('node-snap7');
    const client = new S7Client();
    client.SetConnectionType(KINDS[kind]);
    if (!client.SetParam(client.PingTimeout, CONNECT_MS) || !client.SetParam(client.RecvTimeout, ANSWER_MS))
        throw new Error(client.ErrorText(client.LastError()));
    if (!client.ConnectTo(address, PLC_RACK, PLC_SLOT))
        throw new Error(client.ErrorText(client.LastError()));
    return client;
}

// 'done', or why not.
function outcome(client, operation) {
    const [name, ...words] = operation.split(' ');
    const answer = OPERATIONS[name](client, words);
    const bad = Array.isArray(answer) && answer.find((item) => item.Result); // of several variables each has its own
    if (answer === false || bad)
        return client.ErrorText(bad ? bad.Result : client.LastError()).trim();
    return 'done';
}

function ask([kind, ...operations]) {
    const client = connected(kind);
    for (const operation of operations)
        console.log(`${operation}: ${outcome(client, operation)}`);
    client.Disconnect();
}

function poll([seconds, kind, ...operations]) {
    const client = connected(kind);
    const end = Date.now() + 1000 * Number(seconds);
    let rounds = 0;
    for (; Date.now() < end; rounds++) {
        for (const operation of operations) {
            const answer = outcome(client, operation);
            if (answer !== 'done')
                throw new Error(`round ${rounds}: ${operation}: ${answer}`);
        }
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
    console.log(`${rounds} rounds`);
    client.Disconnect();
}

// ---- nodes7 client ------------------------------------------------------------------------------------------------

function collect(items) {
    const NodeS7 = fromModules('nodes7');
    const connection = new NodeS7({ silent: true });
    connection.initiateConnection({ port: 102, host: address, localTSAP: 0x0100, remoteTSAP: 0x0302, timeout: 5000 }, (error) => {
        if (error)
            throw new Error(String(error));
        connection.addItems(items);
        connection.readAllItems((bad, values) => {
            console.log(`${Object.keys(values).length} items${bad ? ', some bad' : ''}`);
            connection.dropConnection(() => process.exit(0));
        });
    });
}

if (what === 'serve')
    serve();
else if (what === 'ask')
    ask(rest);
else if (what === 'poll')
    poll(rest);
else if (what === 'collect')
    collect(rest);
else
    throw new Error(`unknown ${what}`);
