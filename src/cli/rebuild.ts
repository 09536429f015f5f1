import type { Command } from 'commander'
import Table from 'cli-table3'
import { loadProfile } from '../app/config/load.js'
import type { IntervalComparison, PublishedField } from '../app/operations/generations/compare-generations.js'
import { rebuild, type RebuildOutcome } from '../app/operations/generations/rebuild.js'
import { withFacts } from '../app/pipeline/facts/open-feed.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags & WaitFlags & Readonly<{ profile?: string; promote?: boolean; json?: boolean }>

/** Raw events between two appends of a rebuild. History needs no intermediate revisions, so the batch is large. */
const REBUILD_BATCH = 50_000

export const rebuildCommand = (): Command =>
  command('rebuild', summaries.rebuild, [
    'streamvane rebuild',
    'streamvane rebuild --profile new-profile.yaml --promote',
    'streamvane rebuild --json | jq "select(.same | not)"',
  ])
    .option(...WAIT)
    .option('--profile <file>', 'compute by this profile (default: the configured one)')
    .option('--promote', 'publish the new generation from now on; a running egress switches to it')
    .option('--json', 'one JSON object an interval')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      const profile = flags.profile === undefined ? config.profile : loadProfile(flags.profile)
      const patient = waiting('rebuild', flags)
      await withContext(patient, config, async ({ logs, logger, signal }) => {
        const raw = await logs.raw('reader')
        const head = await raw.head()
        const bar = progressBar('rebuild', head === undefined ? undefined : Number(head))
        const outcome = await withFacts(config, logger, (facts) =>
          rebuild({
            tenant: config.tenant,
            profile,
            logs,
            data: config.data,
            raw,
            facts,
            batchMax: REBUILD_BATCH,
            untilCaughtUp: true,
            waitMs: patient.waitSeconds * 1_000,
            signal,
            logger,
            now: Date.now,
            promote: flags.promote === true,
            onProgress: ({ position, rows }) => bar.update(Number(position), `${rows} rows`),
          }),
        ).finally(() => bar.stop())
        if (flags.json === true) for (const each of outcome.intervals) console.log(JSON.stringify(jsonOf(each)))
        else if (outcome.notCompared === undefined) printTable(outcome)
        console.error(summaryOf(outcome))
        const isDifferent = outcome.intervals.some((each) => !each.same || each.published.serviceTarget !== undefined)
        return isDifferent && outcome.before !== undefined && !outcome.promoted ? EXIT.differences : EXIT.ok
      })
    })

const jsonOf = ({ start, before, after, same, published }: IntervalComparison) => ({
  intervalStart: new Date(start).toISOString(),
  same,
  before: before ?? null,
  after: after ?? null,
  published,
})

const printTable = ({ before, generation, intervals }: RebuildOutcome): void => {
  const table = new Table({
    head: [
      'interval (UTC)',
      `${before ?? 'none'}: rows`,
      'digest',
      `${generation.name}: rows`,
      'digest',
      'values',
      'rows that differ in',
    ],
    style: { head: [], border: [] },
  })
  for (const { start, before: old, after, same, published } of intervals)
    table.push([
      new Date(start).toISOString(),
      old?.rows ?? '',
      old?.digest ?? '',
      after?.rows ?? '',
      after?.digest ?? '',
      same ? 'same' : 'DIFFERENT',
      countsText(published),
    ])
  console.log(table.toString())
}

const summaryOf = ({ before, generation, intervals, notCompared, promoted }: RebuildOutcome): string => {
  const live = promoted
    ? `${generation.name} is live now`
    : 'the live generation is unchanged (--promote switches to the new one)'
  if (notCompared !== undefined)
    return `generation ${generation.name} is complete; it could not be compared with ${before}: ${notCompared}; ${live}`
  const same = intervals.filter((each) => each.same).length
  const published: Partial<Record<PublishedField, number>> = {}
  for (const each of intervals)
    for (const [field, count] of Object.entries(each.published) as [PublishedField, number][])
      published[field] = (published[field] ?? 0) + count
  const others = countsText(published)
  return `generation ${generation.name} is complete; ${same} of ${intervals.length} intervals have the same values as ${before ?? 'none'}${
    others === '' ? '' : `; rows that differ in what they publish besides: ${others}`
  }; ${live}`
}

const countsText = (counts: IntervalComparison['published']): string =>
  Object.entries(counts)
    .map(([field, count]) => `${field} ${count}`)
    .join(', ')
