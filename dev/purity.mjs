// @ts-check

const HANDED_IN =
  'domain and projections are handed what they need: the same log must give the same rows, here and everywhere'

/**
 * Names that reach a clock, a random source, the environment or the world. Imports of them are the layering check's
 * business.
 */
const GLOBALS = [
  ...['process', 'performance', 'crypto', 'console', 'fetch', 'navigator', 'globalThis', 'require'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'WebSocket', 'BroadcastChannel'],
]

const SYNTAX = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: `new Date() reads the clock; ${HANDED_IN}`,
  },
  { selector: "CallExpression[callee.name='Date']", message: `Date() reads the clock; ${HANDED_IN}` },
  {
    selector: 'MemberExpression[property.name=/^[gs]et(Hours|Minutes|Date|Day|Month|FullYear|TimezoneOffset)$/]',
    message: `local time depends on the machine's zone, take the UTC method or an explicit zone; ${HANDED_IN}`,
  },
  {
    selector: 'MemberExpression[property.name=/^(toLocale\\w*|localeCompare)$/]',
    message: `locales depend on the machine; ${HANDED_IN}`,
  },
]

/** ESLint rules that keep the pure rooms pure. @type {import('eslint').Linter.RulesRecord} */
export const impurities = {
  'no-restricted-globals': ['error', ...GLOBALS.map((name) => ({ name, message: HANDED_IN }))],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: HANDED_IN },
    { object: 'Math', property: 'random', message: HANDED_IN },
  ],
  'no-restricted-syntax': ['error', ...SYNTAX],
}
