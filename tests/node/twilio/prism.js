// Twilio's API as its own OpenAPI describes it, answered by prism: `node prism.js PORT FOLDER`. Only the messages of an
// account are kept of the description, in a file in FOLDER: of the whole, prism takes half a minute to begin.
'use strict';

const fs = require('fs');
const path = require('path');

const MESSAGES = '/2010-04-01/Accounts/{AccountSid}/Messages.json';

const [port, folder] = process.argv.slice(2);
if (!/^[0-9]+$/.test(port ?? '') || !folder) {
  console.error('usage: node prism.js PORT FOLDER');
  process.exit(64);
}

const whole = path.join(__dirname, 'node_modules/@twilio-alpha/mcp/twilio-oai/spec/json/twilio_api_v2010.json');
const description = JSON.parse(fs.readFileSync(whole, 'utf8'));
const { servers, post } = description.paths[MESSAGES];
description.paths = { [MESSAGES]: { servers, post } };
const file = path.join(folder, 'twilio.json');
fs.writeFileSync(file, JSON.stringify(description));

// What breaks the description is answered with 401 or 422, not merely noted.
process.argv = [process.argv[0], 'prism', 'mock', '--host', '127.0.0.1', '--port', port, '--errors', file];
require('@stoplight/prism-cli/dist/index.js');
