import { Option, type Command } from 'commander'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import type { Difference, TopicPlace, Value } from '../app/operations/verify/findings.js'
import {
  kafkaSinks,
  sinkSettings,
  type KafkaSinkSettings,
  type SinkSettings,
} from '../app/config/sinks/egress-sinks.js'
import type { Config } from '../app/config/schema.js'
import { verifySink } from '../app/operations/verify/topic/verify-sink.js'
import type { TopicVerification } from '../app/operations/verify/topic/verify-topic.js'
import { verifyObjectsSink } from '../app/operations/verify/objects/verify-objects-sink.js'
import { isObjectsSink } from '../app/sinks/objects.js'
import { objectsText } from './verify-objects.js'
import { verify, type Verification } from '../app/operations/verify/verify.js'
import { withFacts } from '../app/pipeline/facts/open-feed.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { command, waiting, WAIT, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { countText } from './command/figures.js'
import { printTable } from './command/table.js'
import { rangeOf } from './command/option-values.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  WaitFlags &
  Readonly<{
    family?: FamilyName
    from?: string
    to?: string
    generation?: string
    quick?: boolean
    topic?: boolean
    objects?: boolean
    sink?: readonly string[]
    json?: boolean
  }>

export const verifyCommand = (): Command =>
  command('verify', summaries.verify, [
    'streamvane verify',
    'streamvane verify --family queue --from 2026-01-05 --to 2026-01-06',
    'streamvane verify --topic --sink warehouse',
    'streamvane verify --objects --quick',
    'streamvane verify --json | jq .first',
  ])
    .option(...WAIT)
    .addOption(new Option('--family <name>', 'compare only this family').choices(familyNames))
    .option('--from <instant>', 'compare only intervals that start then or later')
    .option('--to <instant>', 'compare only intervals that start before')
    .option('--generation <name>', 'of this generation (default: the live one)')
    .option('--quick', 'fold the facts that are kept beside the log, not the raw events')
    .option('--topic', 'compare what lies on the Kafka topics with the KPI log too')
    .option('--objects', 'compare what lies in object storage with the KPI log too')
    .option('--sink <names...>', 'with --topic or --objects: only of these sinks (default: all of that kind)')
    .option('--json', 'one JSON object, and one more for each sink')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const range = rangeOf(flags)
      const sinks = sinksWanted(flags, config)
      await withContext(waiting('verify', flags), config, async ({ logs, logger, signal }) => {
        const { tenant, data } = config
        const generations = await computedGenerations(logs, tenant)
        const generation = chosenGeneration(generations, flags.generation, tenant)
        const compared = { family: flags.family, ...range }
        const [raw, kpi] = [await logs.raw('reader'), await logs.kpi(generation.name, 'reader')]
        const head = await raw.head()
        const bar = progressBar('verify', head === undefined ? undefined : Number(head), { unit: 'events', logger })
        const quick = flags.quick === true
        const verification = await withFacts(config, logger, (facts) =>
          verify({
            ...{ tenant, generation, raw, kpi, data, facts, quick, compared, signal, logger },
            onProgress: ({ position, differences }) => bar.update(Number(position), differencesText(differences)),
          }),
        ).finally(() => bar.stop())
        if (flags.json === true) console.log(JSON.stringify(verification))
        else print(verification)
        let isGood = verification.differences === 0 && !verification.isStopped
        for (const sink of sinks.kafka) {
          if (signal.aborted) break
          const of = { sink, config, logs, generations, generation: generation.name, kpi, compared, signal, logger }
          const found = await verifySink(of)
          if (flags.json === true) console.log(JSON.stringify({ sink: sink.name, ...found }))
          else printTopics(sink.name, found)
          isGood &&= found.differences === 0 && !found.isStopped
        }
        for (const sink of sinks.objects) {
          if (signal.aborted) break
          const of = { config, logs, generations, generation: generation.name, compared, signal }
          const found = await verifyObjectsSink(sink, of)
          console.log(
            flags.json === true ? JSON.stringify({ sink: sink.name, ...found }) : objectsText(sink.name, found),
          )
          isGood &&= found.differences === 0 && !found.isStopped
        }
        return isGood ? EXIT.ok : EXIT.differences
      })
    })

type Wanted = Readonly<{ kafka: readonly KafkaSinkSettings[]; objects: readonly SinkSettings[] }>

/** The sinks whose topics or objects are verified. Throws `UsageError`. */
const sinksWanted = ({ topic, objects, sink: names }: Flags, { egress }: Config): Wanted => {
  const wanted: Wanted = {
    kafka: topic === true ? kafkaSinks(egress) : [],
    objects: objects === true ? sinkSettings(egress).filter(isObjectsSink) : [],
  }
  if (topic !== true && objects !== true && names !== undefined)
    throw new UsageError('--sink says whose topics or objects are compared: add --topic or --objects')
  if (topic === true && wanted.kafka.length === 0)
    throw new UsageError('no broker is configured: set KAFKA_BROKERS or egress.kafka.brokers')
  if (objects === true && wanted.objects.length === 0)
    throw new UsageError('no object storage is configured: add an entry with use: s3 or azure-blob to egress.sinks')
  const known = [...wanted.kafka, ...wanted.objects].map(({ name }) => name)
  const unknown = names?.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`--sink ${unknown}: there is no such sink of that kind; there are ${known.join(', ')}`)
  const isNamed = ({ name }: Readonly<{ name: string }>): boolean => names?.includes(name) ?? true
  return { kafka: wanted.kafka.filter(isNamed), objects: wanted.objects.filter(isNamed) }
}

const printTopics = (sink: string, found: TopicVerification): void => {
  const { topics, differences, publishedThrough, first, intervals } = found
  const different = intervals.filter((each) => each.differences > 0 || each.stored !== each.computed)
  if (different.length > 0) printIntervals(different, 'topics', 'KPI log')
  if (first !== null) console.log(firstText(first, 'KPI log'))
  const compared = topics.reduce((sum, { compared: count }) => sum + count, 0)
  const held = topics.filter((each) => each.compared + each.otherGenerations + each.others > 0).length
  const lines = [
    `sink ${sink}: ${countText(compared)} records on ${held} topics compared with the KPI log, which is published through revision ${publishedThrough}`,
    differences === 0 ? 'no difference' : `${differencesText(differences)}: ${countsText(found.counts)}`,
    ...topics.flatMap(({ topic, expiredBefore }) =>
      expiredBefore < 0 ? [] : [`${topic}: what retention may have removed was not asked for`],
    ),
    ...(found.isStopped ? ['stopped before the end'] : []),
  ]
  console.log(lines.join('\n'))
}

const countsText = (counts: Verification['counts']): string =>
  Object.entries(counts)
    .flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind}`]))
    .join(', ')

const print = (found: Verification): void => {
  const { generation, through, events, rows, intervals, differences, waiting: waits, erased, first } = found
  if (through === null) return console.log(`generation ${generation} holds nothing yet`)
  const different = intervals.filter((each) => each.differences > 0 || each.stored !== each.computed)
  if (different.length > 0) printIntervals(different, 'KPI log', 'computed again')
  if (first !== null) console.log(firstText(first, 'computed again'))
  const lines = [
    `generation ${generation}: ${countText(rows)} ${found.compared === 'latest' ? 'rows' : 'row revisions'} of ${countText(intervals.length)} intervals compared with ${countText(events)} raw events folded again, through position ${found.lookedAt ?? through.position}`,
    differences === 0 ? 'no difference' : `${differencesText(differences)}: ${countsText(found.counts)}`,
    ...(waits === 0
      ? []
      : [`${waits} rows are still to be published: the projector has not come to the end of the raw log`]),
    ...(erased.streams === 0
      ? []
      : [
          `${erased.rows} row revisions cannot be computed again: ${erased.streams} streams that they counted were erased`,
        ]),
    ...(found.isStopped ? ['stopped before the end'] : []),
  ]
  console.log(lines.join('\n'))
}

const differencesText = (differences: number): string =>
  `${differences} ${differences === 1 ? 'difference' : 'differences'}`

const printIntervals = (intervals: Verification['intervals'], found: string, expected: string): void => {
  printTable({
    columns: [
      { head: 'interval (UTC)' },
      { head: 'length' },
      { head: 'rows', align: 'right' },
      { head: found },
      { head: expected },
      { head: 'differences', align: 'right' },
    ],
    rows: intervals
      .slice(0, LINES_MAX)
      .map(({ intervalStart, granularity, rows, stored, computed, differences }) => [
        ...[intervalStart.slice(0, 16).replace('T', ' '), granularity, countText(rows)],
        ...[stored, computed, countText(differences)],
      ]),
  })
  const more = intervals.length - LINES_MAX
  if (more > 0) console.log(`and ${more} more intervals (--json tells all)`)
}

const LINES_MAX = 20

/** `against`: what it was compared with. */
const firstText = (first: Difference, against: string): string => {
  const { kind, what, key, kpiRevision, raw, topic, fields, expected, found } = first
  const place = [
    ...(kpiRevision === null ? [] : [`KPI stream revision ${kpiRevision}`]),
    ...(raw === null ? [] : [`raw log behind ${raw.after ?? 'the beginning'} through ${raw.through}`]),
    ...(topic === null ? [] : [topicText(topic)]),
  ]
  return [
    `first difference: ${what} ${key} is ${kind} (${place.join(', ')})`,
    ...fields.slice(0, LINES_MAX).map((field) => `  ${field}: ${at(found, field)}, ${against}: ${at(expected, field)}`),
    ...(expected !== null && found === null ? [`  ${against}: ${JSON.stringify(expected)}`] : []),
    ...(expected === null && found !== null ? [`  found: ${JSON.stringify(found)}`] : []),
  ].join('\n')
}

const topicText = ({ topic, partition, offset }: TopicPlace): string =>
  partition === null ? `topic ${topic}` : `topic ${topic} partition ${partition} offset ${offset}`

const at = (value: Value | null, path: string): string =>
  JSON.stringify(
    path
      .split('.')
      .reduce<unknown>((of, name) => (of as Record<string, unknown> | undefined)?.[name], value ?? undefined),
  ) ?? 'nothing'
