import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { heldRows } from '../bounce/kpi-log.js'
import { Ledger, nameOf, type HeldRows, type SeenRow } from '../bounce/ledger.js'
import type { StageProcess } from '../bounce/stage-process.js'
import { unreachable } from '../../src/domain/unreachable.js'
import { readKpiEvent } from '../../src/contract/kpi-stream/stored.js'
import { recordJson } from '../../src/egress/record-values.js'
import type { Delivery } from '../../src/egress/sink.js'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { chance, type Chance } from './chance.js'
import { grownLog, type GrownLog } from './grown-log.js'

/** A row as a reader of the destination finds it. */
export type ArrivedRow = Pick<SeenRow, 'generation' | 'key' | 'revision'> &
  Readonly<{
    /** What the destination calls the record, for readers that drop what comes again. Absent: it has no name there. */
    identity?: string
    /** The value, of the format that `values` of the target says; JSON as the text of the object alone. */
    value?: string | Uint8Array
  }>

/** A destination of one test, and how it is read without code of the egress. */
export type FireTarget = Readonly<{
  /** The entry of `egress.sinks`, without its name. */
  sink: Readonly<Record<string, unknown>>
  promises: Delivery
  /**
   * Format of `value` of the rows that arrive: `avro` the datum without a frame, `json` the object as on a Kafka topic;
   * `none`: the destination keeps the row in another form, which the test compares itself (`finally`).
   */
  values: 'avro' | 'json' | 'none'
  /**
   * What must arrive, with the value of each; absent: every row revision of the KPI log. For a destination that holds
   * something else than rows; `arrived` then answers that, by the same names.
   */
  held?: (log: GrownLog) => Promise<ReadonlyMap<string, string | Uint8Array>>
  /** Everything that arrived, in an order in which a reader may find it: within a row that of its arrival. */
  arrived: (log: GrownLog) => Promise<readonly ArrivedRow[]>
  /** Rows of a batch at most; more than by default for a destination that limits the rate of requests. */
  batchRows?: number
  /** Of the contact centre; a small one gives many intervals. Absent: a large one. */
  size?: Readonly<{ queues: number; agents: number }>
  /** Ends the destination as a power cut would, and starts it again. Absent: it cannot be ended. */
  crash?: () => Promise<void>
  /** Whether two processes can reach the destination at once; default true. */
  canOverlap?: boolean
  /** Variables for the processes, for example with secrets. */
  env?: Readonly<Record<string, string>>
  /** Further assertions on the destination once everything is there. */
  finally?: (log: GrownLog) => Promise<void>
}>

type Round = 'publishing' | 'starting' | 'destination' | 'overlap'

const ROWS = 1_200
/** Small batches, so that there are many moments to be killed at. */
const BATCH_ROWS = 10
const ROUNDS: readonly Round[] = ['publishing', 'destination', 'publishing', 'overlap', 'starting', 'publishing']
/** How long a process takes to start, about: it is killed somewhere in between. */
const START_MS = 1_500
const JITTER_MS = 10
/** How long a take-over takes, unless it is held up. */
const ASLEEP_MS = 4_000
const LIMIT_MS = 60_000
const SUPERSEDED = 3

/**
 * The egress, a process of its own, publishes a KPI log to a destination and is killed (SIGKILL) at random moments,
 * while it publishes and while it starts; the destination is ended too, and a second instance takes over. Afterwards
 * every row revision of the log is there with its bytes, within a row in the order of revisions, once where the sink
 * promises that, and what came again has the same identity and bytes.
 *
 * `STREAMVANE_FIRE_SEED` repeats the choices of a run; what a process did in the milliseconds between is not repeated.
 */
export const sinkUnderFire = (name: string, start: () => Promise<FireTarget> | FireTarget): void => {
  const seed = Number(process.env['STREAMVANE_FIRE_SEED'] ?? 1)
  test(`${name}: every row is there after kills at random moments (seed ${seed})`, { timeout: 240_000 }, async () => {
    const target = await start()
    const { sink, env = {}, size, batchRows = BATCH_ROWS } = target
    const log = await grownLog(ROWS, { batchMax: batchRows, sinks: [{ name: 'fired', ...sink }] }, { seed, env, size })
    const kills = await publishUnderFire(log, target, chance(seed))
    expect(kills, 'the egress must have been killed while it published').toBeGreaterThan(2)

    const found = await account(await target.arrived(log), log, target)
    const { doubled, ...wrong } = found.verdict
    expect(wrong).toEqual({ lost: [], reordered: [], altered: [], unknown: [] })
    expect(found.renamed, 'a row revision must have one identity, and an identity one row revision').toEqual([])
    if (target.promises === 'exactly-once') expect(doubled).toEqual([])
    console.log(`${name}: ${found.rows} row revisions, ${kills} kills, ${doubled.length} came again`)
    await target.finally?.(log)
  })
}

/** Runs the egress through all rounds and to the end. Resolves with the number of kills while it published. */
const publishUnderFire = async (log: GrownLog, target: FireTarget, random: Chance): Promise<number> => {
  const egress = (): StageProcess => log.started('--only', 'egress', '--until-caught-up', '--take-over')
  let kills = 0
  for (const round of ROUNDS) {
    const process = egress()
    switch (round) {
      case 'starting':
        await pause(random.below(START_MS))
        break
      case 'overlap':
        await publishing(process, random)
        if (target.canOverlap !== false) await superseded(process, egress())
        break
      case 'destination':
        await publishing(process, random)
        await target.crash?.()
        await publishing(process, random)
        kills += 1
        break
      case 'publishing':
        await publishing(process, random)
        kills += 1
        break
      default:
        unreachable(round)
    }
    process.kill('SIGKILL')
    await process.ended
  }
  const last = egress()
  const { code } = await last.ended
  if (code !== 0) throw new Error(last.report('the last egress did not come to the end of the log'))
  return kills
}

/** Resolves at a random moment while this egress publishes. Throws if it comes to the end of the log before. */
const publishing = async (egress: StageProcess, random: Chance): Promise<void> => {
  const goal = egress.done + 1 + random.below(8) * BATCH_ROWS
  await egress.must('publish', () => egress.done >= goal, LIMIT_MS)
  await pause(random.below(JITTER_MS))
}

/**
 * `older` sleeps while `newer` takes over and publishes. When it wakes up, it must find out, end as one that was
 * overtaken, and hold up nobody.
 */
const superseded = async (older: StageProcess, newer: StageProcess): Promise<void> => {
  older.kill('SIGSTOP')
  // It may sleep in the middle of a transaction, which then holds up the newer one: it is given the time to end that.
  while (!(await newer.until(() => newer.done > 0, ASLEEP_MS))) {
    older.kill('SIGCONT')
    await pause(JITTER_MS)
    older.kill('SIGSTOP')
  }
  older.kill('SIGCONT')
  const { code } = await older.ended
  if (code !== SUPERSEDED) throw new Error(older.report('an egress was overtaken and did not end for that'))
  newer.kill('SIGKILL')
  await newer.ended
}

/** Compares what arrived with what the KPI log holds. */
const account = async (arrived: readonly ArrivedRow[], log: GrownLog, target: FireTarget) => {
  const ledger = new Ledger()
  const [identities, names] = [new Map<string, string>(), new Map<string, string>()]
  const renamed: string[] = []
  for (const row of arrived) {
    const { identity, value = '' } = row
    ledger.add({ ...row, digest: digestOf(value), publishedMs: 0, arrivedMs: 0 })
    if (identity === undefined) continue
    const name = nameOf(row)
    if ((identities.get(name) ?? identity) !== identity || (names.get(identity) ?? name) !== name) renamed.push(name)
    identities.set(name, identity)
    names.set(identity, name)
  }
  const held = target.held === undefined ? await heldBy(log.data, target.values) : digestsOf(await target.held(log))
  return { rows: held.size, verdict: ledger.verdict(held), renamed }
}

const TENANT = 'default'
const LIVE = { generation: 'g1', promotion: 1 }

const heldBy = async (data: string, values: FireTarget['values']): Promise<HeldRows> => {
  if (values !== 'json') {
    const held = await heldRows(data, TENANT, LIVE.generation)
    return values === 'avro' ? held : new Map([...held.keys()].map((name) => [name, digestOf('')]))
  }
  const kpi = await openEmbeddedLog({ dir: join(data, 'log', `kpi-${LIVE.generation}`), mode: 'reader' })
  const held = new Map<string, string>()
  try {
    for await (const batch of kpi.readStream(`${TENANT}.kpi-${LIVE.generation}`))
      for (const event of batch) {
        const stored = readKpiEvent(event)
        if (stored?.kind !== 'row') continue
        const { header, avro, schema } = stored
        const json = recordJson({ ...LIVE, kind: 'row', header, avro, schema, replay: false })
        held.set(nameOf({ ...LIVE, ...header }), digestOf(JSON.stringify(json)))
      }
  } finally {
    await kpi.close()
  }
  return held
}

const digestsOf = (values: ReadonlyMap<string, string | Uint8Array>): HeldRows =>
  new Map([...values].map(([name, value]) => [name, digestOf(value)]))

const digestOf = (value: string | Uint8Array): string => createHash('sha256').update(value).digest('hex')
