import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { consumerPython } from '../../dev/python-packages.mjs'
import { chance, type Chance } from '../support/chance.js'
import { buildCommand } from '../support/command/build.js'
import { startOwnBroker } from './broker.js'
import { Consumer } from './consumer.js'
import { Feed } from './feed.js'
import type { Figures } from './figures.js'
import { installation, rowTopics, TENANT } from './installation.js'
import { heldRows } from './kpi-log.js'
import { Ledger } from './ledger.js'
import type { BounceOptions } from './options.js'
import type { Resources } from './resources.js'
import { Rounds, type RoundKind } from './rounds.js'

/** Called with each step: how many of how many rounds are over, and what is done now. */
export type OnStep = (done: number, of: number, what: string) => void

/** The share of the rows that are in the KPI log before the first kill; the others come while the rounds go on. */
const BACKLOG_SHARE = 0.5

/**
 * Publishes a growing KPI log while everything is killed, and compares what a foreign consumer saw with what the log
 * holds. Throws an Error if the test cannot be brought to its end; faults of the egress are figures.
 */
export const bounce = async (options: BounceOptions, resources: Resources, onStep: OnStep): Promise<Figures> => {
  const beganMs = Date.now()
  const random = chance(options.seed)
  const plan = roundsOf(options, random)
  const step = (what: string): void => onStep(0, plan.length, what)
  const python = await consumerPython(step)
  if (python.python === undefined) throw new Error(`the consumer needs Python 3 with venv and pip: ${python.why}`)

  const folder = await mkdtemp(join(tmpdir(), 'streamvane-bounce-'))
  resources.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  step('compiling the command and starting a broker')
  const [command, broker] = await Promise.all([buildCommand(folder), startOwnBroker(step)])
  resources.add(broker.stop)
  const installed = await installation(folder, command, broker.brokers, resources)
  const stages = installed.startIngressAndProjector()
  await Promise.all([stages.must('listen', () => stages.url !== undefined, 60_000), installed.applyTopics()])

  step('filling the KPI log')
  const feed = new Feed(stages, options.seed)
  const backlog = Math.ceil(options.rows * BACKLOG_SHARE)
  await feed.growTo(backlog)
  const ledger = new Ledger()
  const consumer = new Consumer(
    { python: python.python, brokers: broker.brokers, topics: rowTopics },
    ledger,
    resources,
  )
  await consumer.untilReady()

  const rowsPerRound = Math.floor((0.8 * options.rows) / plan.length)
  const rounds = new Rounds({ installed, broker, consumer, feed, chance: random, rowsPerRound })
  let growing = Promise.resolve()
  for (const [n, kind] of plan.entries()) {
    onStep(n, plan.length, kind)
    growing = feed.growTo(backlog + Math.ceil(((options.rows - backlog) * (n + 1)) / plan.length))
    growing.catch(() => undefined) // met below
    await rounds.round(kind)
  }
  onStep(plan.length, plan.length, 'reading to the end')
  await growing
  const { code } = await stages.endBy('SIGTERM', 120_000)
  if (code !== 0) throw new Error(stages.report('ingress and projector did not end in order'))
  const held = await heldRows(installed.data, TENANT, 'g1')
  await rounds.finish(() => ledger.rows, held.size)
  await consumer.finish()

  const { kills, killsWhilePublishing, brokerKills, overlaps, zombiesFenced } = rounds
  const { recoveriesMs, brokerRecoveriesMs } = rounds
  const { pauseMs, endedMs } = ledger.longestPause
  return {
    seed: options.seed,
    rows: held.size,
    seen: ledger.rows,
    ...{ kills, killsWhilePublishing, brokerKills, overlaps, zombiesFenced },
    verdict: ledger.verdict(held),
    longestPauseMs: pauseMs,
    longestPauseIn: rounds.history.findLast(({ atMs }) => atMs < endedMs)?.kind ?? 'start',
    ...{ recoveriesMs, brokerRecoveriesMs },
    seconds: (Date.now() - beganMs) / 1_000,
  }
}

/** Every kind as often as asked for, in an order by chance. */
const roundsOf = (
  { kills, brokerKills, overlaps, zombies }: BounceOptions,
  { below }: Chance,
): readonly RoundKind[] => {
  const counts = { kill: kills, broker: brokerKills, overlap: overlaps, zombie: zombies }
  const rounds = (Object.entries(counts) as [RoundKind, number][]).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => kind),
  )
  for (let at = rounds.length - 1; at > 0; at--) {
    const other = below(at + 1)
    ;[rounds[at], rounds[other]] = [rounds[other] as RoundKind, rounds[at] as RoundKind]
  }
  return rounds
}
