import { Option, type Command } from 'commander'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import { readIntervals, type CheckResult, type CompleteInterval } from '../app/operations/intervals.js'
import type { Generation } from '../app/pipeline/generations.js'
import { markerJson } from '../contract/completeness-codec.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { granularities, lengthMs, type Granularity } from '../domain/granularity.js'
import { intervalName, type IntervalComplete } from '../domain/interval-complete.js'
import { HOUR_MS, type EpochMs } from '../domain/interval.js'
import { kpiStream } from '../domain/stream-name.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { printTable } from './command/table.js'
import { rangeOf } from './command/option-values.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  Readonly<{
    from?: string
    to?: string
    family?: FamilyName
    granularity?: Granularity
    generation?: string
    check?: boolean
    json?: boolean
  }>

/** The first version of the projection that puts out markers. */
const MARKERS_SINCE = 4

export const intervalsCommand = (): Command =>
  command('intervals', summaries.intervals, [
    'streamvane intervals --family queue --from 2026-01-05 --to 2026-01-06',
    'streamvane intervals --check',
    "streamvane intervals --granularity P1D --json | jq -c '{family, intervalStart, rows, digest}'",
  ])
    .option('--from <instant>', 'intervals that start then or later')
    .option('--to <instant>', 'intervals that start before')
    .addOption(new Option('--family <name>', 'only this family').choices(familyNames))
    .addOption(
      new Option('--granularity <period>', 'only intervals of this length (default: all there are)').choices(
        granularities,
      ),
    )
    .option('--generation <name>', 'of this generation (default: the live one)')
    .option('--check', 'compute rows and digest again from the stored rows; exit code 5 where a marker says otherwise')
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const { from, to } = rangeOf(flags)
      await withContext('intervals', config, async ({ logs, signal }) => {
        const { tenant, data } = config
        const generation = chosenGeneration(await computedGenerations(logs, tenant), flags.generation, tenant)
        const { name } = generation
        const kpi = await logs.kpi(name, 'reader')
        const { family, granularity, check = false, json } = flags
        const last = await kpi.streamRevision(kpiStream(tenant, name))
        const bar = progressBar(`events of ${name}`, last === undefined ? undefined : last + 1)
        const intervals = await readIntervals(
          { kpi, tenant, generation: name, data },
          { family, granularity, from, to, check, signal, onProgress: (read) => bar.update(read) },
        ).finally(() => bar.stop())
        if (signal.aborted) {
          console.error('stopped before the end')
          return EXIT.differences
        }
        if (json === true)
          for (const each of intervals) console.log(JSON.stringify({ generation: name, ...jsonOf(each) }))
        else for (const sort of sortsOf(intervals)) printSort(sort)
        if (intervals.length === 0) console.error(whyNone(generation, flags))
        if (!check || intervals.length === 0) return EXIT.ok
        // With --json stdout holds one object a line, so the findings go to stderr.
        const say = json === true ? console.error : console.log
        for (const line of findingsOf(intervals)) say(line)
        return count(intervals, 'differs') === 0 ? EXIT.ok : EXIT.differences
      })
    })

const whyNone = ({ name, projectionVersion }: Generation, { from, to, family, granularity }: Flags): string => {
  if (projectionVersion < MARKERS_SINCE)
    return `generation ${name} has no markers of complete intervals: version ${projectionVersion} of the projection computed it, and there are markers since version ${MARKERS_SINCE}. \`streamvane rebuild --promote\` computes a generation that has them`
  const narrowed = [from, to, family, granularity].some((each) => each !== undefined)
  return `generation ${name}: no interval ${narrowed ? 'of these ' : ''}is complete. An interval is complete when the clock has passed its end and the grace period (\`streamvane clock\` shows the clock)`
}

const jsonOf = ({ marker, check }: CompleteInterval) => ({
  ...markerJson(marker),
  ...(check !== undefined && { check: check.result, computed: check.computed }),
})

/** By family and length, as they are ordered. */
const sortsOf = (intervals: readonly CompleteInterval[]): readonly (readonly CompleteInterval[])[] => {
  const sorts: CompleteInterval[][] = []
  for (const interval of intervals) {
    const { family, granularity } = interval.marker
    const last = sorts.at(-1)
    const before = last?.[0]?.marker
    if (last !== undefined && before?.family === family && before.granularity === granularity) last.push(interval)
    else sorts.push([interval])
  }
  return sorts
}

/** A table of one family and length of interval: with both as columns it would be wider than a terminal. */
const printSort = (intervals: readonly CompleteInterval[]): void => {
  const [first] = intervals
  if (first === undefined) return
  const { family, granularity, zone } = first.marker
  console.log(`${family}, ${granularity}${zone === null ? '' : ` of ${zone}`}`)
  printTable({
    columns: [
      { head: 'interval (UTC)', narrow: 'wrap', min: 16 },
      ...[{ head: 'number' }, { head: 'rows' }, { head: 'digest' }].map((each) => ({
        ...each,
        align: 'right' as const,
      })),
      { head: 'closed at' },
      ...(first.check === undefined ? [] : [{ head: 'check' }]),
    ],
    rows: intervals.map(({ marker, check }) => [
      ...[spanOf(marker), String(marker.number), String(marker.rows), String(marker.digest)],
      marker.closedAt === null ? '-' : minuteOf(marker.closedAt),
      ...(check === undefined ? [] : [check.result]),
    ]),
  })
  console.log()
}

/** The start of an interval; of several without rows also where the last of them ends. */
const spanOf = ({ granularity, start, end, rows }: IntervalComplete): string =>
  rows === 0 && end - start > (granularity === 'P1D' ? LONGEST_DAY_MS : lengthMs(granularity))
    ? `${minuteOf(start)} to ${minuteOf(end).replace(minuteOf(start).slice(0, 11), '')}`
    : minuteOf(start)

/** The day on which clocks are put back. */
const LONGEST_DAY_MS = 25 * HOUR_MS

const minuteOf = (at: EpochMs): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')

const findingsOf = (intervals: readonly CompleteInterval[]): readonly string[] => [
  ...intervals.flatMap(({ marker, check }) =>
    check?.result === 'differs'
      ? [
          `${intervalName(marker)}: marker ${marker.number} says ${marker.rows} rows with digest ${marker.digest}, the log holds ${check.computed.rows} with digest ${check.computed.digest}`,
        ]
      : [],
  ),
  `${count(intervals, 'matches')} markers match, ${count(intervals, 'differs')} differ; rows of ${count(intervals, 'changed')} intervals changed behind their marker`,
]

const count = (intervals: readonly CompleteInterval[], result: CheckResult): number =>
  intervals.filter(({ check }) => check?.result === result).length
