import { measured, command } from './bench/processes.js'
const say = (what: string, value: unknown) => console.log(new Date().toISOString(), what, JSON.stringify(value))
const usage = new URL('./bench/usage-report.mjs', import.meta.url).pathname
say('verify 160', await measured(['--max-old-space-size=160', '--max-semi-space-size=16', '--import', usage, command, 'verify', '--data', process.argv[2] as string], { env: { STREAMVANE_EGRESS__SINK: 'files' } }))
