// `npm test`: the golden cases, before anything is built. `konf policy check` asks the built policy the same.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { tariff } from './policy.js';

const cases = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'));

for (const { name, input, output } of cases) {
  test(name, () => assert.deepEqual(tariff.rate(renamed(input)), renamed(output)));
}

/** The contract's names as JavaScript has them. */
function renamed(record) {
  const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [camel(name), value]));
}
