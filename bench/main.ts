/**
 * `npm run bench [-- --only log,fold,egress] [--json]`: our figures beside their ceilings, measured in the same run.
 * Only the ratios travel between machines.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import type { BenchLine } from './bench-line.js'

type Bench = () => Promise<readonly BenchLine[]>

/**
 * Loaded one by one, when its turn comes: a bench must not be measured beside what another left in memory at import.
 */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  log: async () => (await import('./log.js')).benchLog,
  fold: async () => (await import('./fold.js')).benchFold,
  egress: async () => (await import('./egress.js')).benchEgress,
  eventstoredb: async () => (await import('./eventstoredb.js')).benchEventStoreDb,
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } })
const wanted = values.only?.split(',') ?? Object.keys(BENCHES)
const unknown = wanted.filter((name) => !(name in BENCHES))
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`)
  process.exit(2)
}

const ratioOf = ({ ours, ceiling }: BenchLine): number => ours / ceiling
const lines: BenchLine[] = []
let failures = 0
for (const name of wanted) {
  console.error(`measuring ${name} …`)
  try {
    const bench = await BENCHES[name]?.()
    if (bench !== undefined) lines.push(...(await bench()))
  } catch (cause) {
    failures += 1
    console.error(`bench ${name} failed:`, cause)
  }
}

if (values.json) {
  for (const line of lines) console.log(JSON.stringify({ ...line, ratio: ratioOf(line) }))
} else {
  const table = new Table({
    head: ['what', 'ours', 'ceiling', 'unit', 'ratio', 'note'],
    colAligns: ['left', 'right', 'right', 'left', 'right', 'left'],
    style: { head: [], border: [] },
  })
  const whole = (figure: number) => Math.round(figure).toLocaleString('en-US')
  for (const line of lines) {
    table.push([line.name, whole(line.ours), whole(line.ceiling), line.unit, ratioOf(line).toFixed(2), line.note ?? ''])
  }
  console.log(table.toString())
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`)
}
process.exitCode = failures > 0 ? 1 : 0
