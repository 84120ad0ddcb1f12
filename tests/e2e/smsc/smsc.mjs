// A carrier's SMSC by the npm package `smpp`, over TLS. It says on standard output what happens, and does what it reads on standard
// input; one JSON object a line.
//
// says: {port}, {bound}, {refused}, {submit: {from, to, text, receipt}}, {acknowledged, of}
// does: {deliver: {of, from, to, text, parts}}, {throttle: COUNT}, {hang_up: true}
import { readFileSync } from 'node:fs';
import readline from 'node:readline';
import smpp from 'smpp';

const [systemId, password, certificate, key] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
let bound = null;
let throttle = 0;
let submitted = 0;

function bind(session, pdu) {
  const known = pdu.system_id === systemId && pdu.password === password;
  session.send(pdu.response(known ? { system_id: 'smsc' } : { command_status: smpp.ESME_RINVPASWD }));
  if (known) bound = session;
  say(known ? { bound: pdu.system_id } : { refused: pdu.system_id });
}

function submit(session, pdu) {
  if (throttle > 0) {
    throttle -= 1;
    return session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
  }
  submitted += 1;
  const id = `m${submitted}`;
  session.send(pdu.response({ message_id: id }));
  const { message } = pdu.short_message;
  say({
    submit: {
      from: pdu.source_addr,
      to: pdu.destination_addr,
      text: message.toString(),
      receipt: pdu.registered_delivery,
    },
  });
  const text = `id:${id} sub:001 dlvrd:001 submit date:2607091400 done date:2607091401 stat:DELIVRD err:000 text:`;
  session.deliver_sm({
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: 4,
    short_message: text,
  });
}

// Part by part, as telephones split what is long: 8-bit reference, concatenated short messages (3GPP TS 23.040, 9.2.3.24.1).
function deliver({ of, from, to, text, parts }) {
  const length = Math.ceil(text.length / parts);
  for (let part = 1; part <= parts; part += 1) {
    const words = text.slice((part - 1) * length, part * length);
    const udh = Buffer.from([5, 0, 3, of & 0xff, parts, part]);
    const split = parts > 1 ? { esm_class: 0x40, short_message: { udh, message: words } } : { short_message: words };
    bound.deliver_sm({ source_addr: from, destination_addr: to, data_coding: 8, ...split }, (answer) =>
      say({ acknowledged: answer.command_status, of })
    );
  }
}

const server = smpp.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (session) => {
  session.on('bind_transceiver', (pdu) => bind(session, pdu));
  session.on('submit_sm', (pdu) => submit(session, pdu));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => session.send(pdu.response()));
  session.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line);
  if (command.deliver) deliver(command.deliver);
  if (command.throttle) throttle = command.throttle;
  if (command.hang_up) bound.destroy();
}).on('close', () => process.exit(0));
