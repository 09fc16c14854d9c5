// A message centre (SMSC): takes SMS by SMPP, puts their parts together and decodes them with a codec that is not ours,
// sends receipts, and misbehaves towards some numbers. Prints a line of JSON for the port, then one for each event.
'use strict';

const smpp = require('smpp');

const SYSTEM_ID = 'nuncio';
const PASSWORD = 'hunter2';
const STATUS = { throttled: 0x58, badDestination: 0x0b, badPassword: 0x0e };

let lastId = 2740;
let throttles = 2;
const parts = new Map();
const outOfOrder = [];

function say(event) {
  process.stdout.write(JSON.stringify(event) + '\n');
}

// The part that a user data header of 8 or 16 bits tells of.
function concatenation(pdu) {
  for (const element of pdu.short_message.udh || []) {
    const [id, length] = element;
    if (id === 0 && length === 3) return { reference: element[2], total: element[3], number: element[4] };
    if (id === 8 && length === 4) {
      return { reference: element[2] * 256 + element[3], total: element[4], number: element[5] };
    }
  }
  return null;
}

function arrived(pdu) {
  const octets = pdu.short_message.message;
  const common = { to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding };
  const part = concatenation(pdu);
  if (!part) {
    say({ event: 'message', ...common, text: octets, parts: 1, order: [] });
    return;
  }
  const key = `${pdu.destination_addr} ${part.reference}`;
  const all = parts.get(key) || [];
  all.push({ number: part.number, text: octets });
  parts.set(key, all);
  if (all.length < part.total) return;
  parts.delete(key);
  const order = all.map((one) => one.number);
  const text = all.sort((a, b) => a.number - b.number).map((one) => one.text).join('');
  say({ event: 'message', ...common, text, parts: part.total, order });
}

function receipt(session, pdu, id, state) {
  session.deliver_sm({
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
    short_message: `id:${id} sub:001 dlvrd:001 submit date:2611221505 done date:2611221506 stat:${state} err:${state === 'DELIVRD' ? '000' : '027'} text:`,
  }, () => say({ event: 'receipt answered', id }));
}

// What a number does is in its last four digits.
function submitted(session, pdu) {
  const behaviour = pdu.destination_addr.slice(-4);
  const refuse = (status) => session.send(pdu.response({ command_status: status }));
  if (behaviour === '0058' && throttles-- > 0) return refuse(STATUS.throttled);
  if (behaviour === '0011') return refuse(STATUS.badDestination);
  if (behaviour === '0300') {
    // Once: in the middle of a window.
    if (!submitted.hungUp) {
      submitted.hungUp = true;
      say({ event: 'hung up' });
      return session.destroy();
    }
  }
  const id = String(++lastId);
  const taken = () => {
    session.send(pdu.response({ message_id: id }));
    arrived(pdu);
  };
  if (!pdu.registered_delivery) return taken();
  switch (behaviour) {
    case '0100':
      // Before the answer.
      receipt(session, pdu, id, 'DELIVRD');
      return taken();
    case '0200':
      // The last first.
      taken();
      outOfOrder.push(() => receipt(session, pdu, id, 'DELIVRD'));
      if (outOfOrder.length === 3) outOfOrder.splice(0).reverse().forEach((one) => one());
      return undefined;
    case '0400':
      taken();
      return receipt(session, pdu, id, 'UNDELIV');
    case '0500':
      taken();
      return receipt(session, pdu, Number(id).toString(16).toUpperCase(), 'DELIVRD');
    default:
      taken();
      return receipt(session, pdu, id, 'DELIVRD');
  }
}

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  session.on('bind_transceiver', (pdu) => {
    const right = pdu.system_id === SYSTEM_ID && pdu.password === PASSWORD;
    say({ event: right ? 'bound' : 'refused' });
    session.send(pdu.response(right ? { system_id: 'simulator' } : { command_status: STATUS.badPassword }));
    if (!right) session.close();
  });
  session.on('submit_sm', (pdu) => submitted(session, pdu));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    say({ event: 'unbound' });
    session.send(pdu.response());
    session.close();
  });
});
server.listen(0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
// It ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume();
