import { Option, type Command } from 'commander'
import {
  isKafkaSink,
  sinkSettings,
  type KafkaSinkSettings,
  type SinkSettings,
} from '../app/config/sinks/egress-sinks.js'
import { topicsIn } from '../app/config/sinks/egress-schema.js'
import type { Config } from '../app/config/schema.js'
import { replay, type ReplayCounts } from '../app/operations/generations/replay.js'
import { sinkOf } from '../app/pipeline/egress/sinks.js'
import { topicsOptionsOf } from '../app/sinks/open-kafka.js'
import { REPLAY } from '../app/sinks/sink-kind.js'
import { savedScope } from '../app/pipeline/projector/generation-projection.js'
import type { Scope } from '../app/scoped/scope.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { applyTopics } from '../egress/kafka/topic-admin.js'
import { defaultTopicNames } from '../egress/topics.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { confirm } from './command/confirm.js'
import { configOf, withContext, type Context } from './command/context.js'
import { EXIT, exitCodeOf, isExpected, UsageError } from './command/exit.js'
import { countText } from './command/figures.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { rangeOf } from './command/option-values.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'
import { printTable } from './command/table.js'
import { scopeOf } from './what-if/scope-flags.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  Readonly<{
    from: string
    to: string
    family?: readonly FamilyName[]
    queue?: string
    agent?: string
    where?: readonly string[]
    sink?: readonly string[]
    toTopic?: string
    toPrefix?: string
    dryRun?: boolean
    yes?: boolean
    json?: boolean
  }>

export const replayCommand = (): Command =>
  withOperator(
    command('replay', summaries.replay, [
      'streamvane replay --from 2026-01-05T08:00:00Z --to 2026-01-05T12:00:00Z --dry-run',
      'streamvane replay --from 2026-01-05 --to 2026-01-06 --family queue --queue Sales --yes',
      'streamvane replay --from 2026-01-05 --to 2026-01-06 --to-topic rebuild-of-january --yes',
    ]),
  )
    .requiredOption('--from <instant>', 'intervals that start then or later')
    .requiredOption('--to <instant>', 'intervals that start before')
    .addOption(new Option('--family <name...>', 'only these families').choices(familyNames))
    .option('--queue <id or name>', 'only rows of this queue')
    .option('--agent <id>', 'only rows of this agent')
    .option('--where <dimension=value...>', 'only with this value of a dimension, such as mediaType=voice; - is none')
    .option('--sink <name...>', 'only to these sinks (default: all); each gets what its filter lets pass')
    .addOption(
      new Option(
        '--to-topic <name>',
        'to this topic instead of those of the sink, all families; it is made if it is missing',
      ).conflicts('toPrefix'),
    )
    .option(
      '--to-prefix <prefix>',
      'to topics of the usual names behind this prefix; they are made if they are missing',
    )
    .option(...WAIT)
    .option('--dry-run', 'only say how many records would be published, by family and topic')
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'one JSON object for each sink')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const isElsewhere = flags.toTopic !== undefined || flags.toPrefix !== undefined
      const sinks = chosen(sinkSettings(config.egress), flags.sink).map((settings) => elsewhere(settings, flags))
      const range = rangeOf(flags)
      const { dryRun = false } = flags
      await withContext(waiting('replay', flags), config, async (context) => {
        const scope = await scopeOf(flags, range, context.logs, config.tenant)
        const run = (note: (counts: number) => void): Promise<number> =>
          replayToAll(sinks, { scope, dryRun, isElsewhere, isJson: flags.json === true }, context, note)
        if (dryRun) return run(() => undefined)
        const to = isElsewhere ? 'another topic' : sinks.map(({ name }) => name).join(', ')
        await confirm(
          [`The latest rows of the range are published again to ${to}, marked as replay (--dry-run counts them).`],
          flags.yes,
        )
        const details = {
          sinks: sinks.map(({ name }) => name),
          scope: savedScope(scope),
          to: flags.toTopic ?? flags.toPrefix,
        }
        return recorded(context, flags, { operation: 'replay', details }, (note) => {
          let records = 0
          return run((more) => note({ summary: { records: (records += more) } }))
        })
      })
    })

type What = Readonly<{ scope: Scope; dryRun: boolean; isElsewhere: boolean; isJson: boolean }>

const replayToAll = async (
  sinks: readonly SinkSettings[],
  what: What,
  context: Context,
  published: (records: number) => void,
): Promise<number> => {
  let code: number = EXIT.ok
  for (const settings of sinks)
    try {
      published(await replayTo(settings, what, context))
    } catch (cause) {
      // A destination that is away does not keep the others from their rows.
      if (settings === sinks.at(-1) || !isExpected(cause)) throw cause
      console.error(cause.message)
      code = exitCodeOf(cause)
    }
  if (!context.signal.aborted) return code
  console.error('stopped before the end; run it again to publish all of the range')
  return EXIT.differences
}

/** The sinks with these names, all if none is named. */
const chosen = (sinks: readonly SinkSettings[], names: readonly string[] | undefined): readonly SinkSettings[] => {
  if (sinks.length === 0) throw new UsageError('egress.sink is none: there is nowhere to publish to')
  const unknown = names?.find((name) => !sinks.some((sink) => sink.name === name))
  if (unknown !== undefined)
    throw new UsageError(
      `--sink ${unknown}: there is no such sink; there are ${sinks.map(({ name }) => name).join(', ')}`,
    )
  return names === undefined ? sinks : sinks.filter(({ name }) => names.includes(name))
}

/** The same destination with other topics: time series, which take replays. */
const elsewhere = (settings: SinkSettings, { toTopic, toPrefix }: Flags): SinkSettings => {
  if (toTopic === undefined && toPrefix === undefined) return settings
  if (!isKafkaSink(settings))
    throw new UsageError(`sink ${settings.name} is no Kafka sink: name one with --sink, topics are there alone`)
  const topicOf = (family: FamilyName): string => toTopic ?? `${toPrefix}${defaultTopicNames[family]}`
  const topics = Object.fromEntries(
    familyNames.map((family) => [family, [{ topic: topicOf(family), key: 'entity', records: 'all' }]]),
  ) as unknown as KafkaSinkSettings['settings']['topics']
  return { ...settings, settings: { ...settings.settings, topics, markers: 'off' } }
}

const replayTo = async (
  settings: SinkSettings,
  { scope, dryRun, isElsewhere, isJson }: What,
  { config, logs, logger, signal }: Context,
): Promise<number> => {
  const sink = dryRun ? undefined : await sinkOf(settings, config, logs, logger, REPLAY)
  // Other topics hold nothing of the running egress.
  const published = dryRun || isElsewhere ? undefined : await sinkOf(settings, config, logs, logger)
  let bar: ReturnType<typeof progressBar> | undefined
  let counts: ReplayCounts = new Map()
  try {
    // The operator has named them and confirmed: a topic that is missing is made.
    if (isElsewhere && !dryRun && isKafkaSink(settings))
      await applyTopics(topicsOptionsOf(settings, config, logger, scope.families && [...scope.families]))
    const records = await replay({
      ...{ tenant: config.tenant, logs, data: config.data, sink, published, filter: settings.filter, scope, signal },
      logger,
      batchMax: config.egress.batchMax,
      onCounted: (counted) => (counts = counted),
      onProgress: (written, of) =>
        (bar ??= progressBar('replay', of, { unit: 'records', logger })).update(written, `${written} of ${of} records`),
    })
    tell(settings, counts, { records, dryRun, isJson }, config)
    return records
  } finally {
    bar?.stop()
    await sink?.close()
    await published?.close()
  }
}

const tell = (
  settings: SinkSettings,
  counts: ReplayCounts,
  { records, dryRun, isJson }: Readonly<{ records: number; dryRun: boolean; isJson: boolean }>,
  config: Config,
): void => {
  const topics = topicsIn(isKafkaSink(settings) ? settings.settings : config.egress.kafka)
  const rows = [...counts].map(([family, count]) => ({
    family,
    topics: topics[family].filter(({ records: kind }) => kind === 'all').map(({ topic }) => topic),
    records: count,
  }))
  if (isJson) {
    console.log(JSON.stringify({ sink: settings.name, records, published: !dryRun, families: rows }))
    return
  }
  if (dryRun && rows.length > 0)
    printTable({
      columns: [{ head: 'family' }, { head: 'topic' }, { head: 'records', align: 'right' }],
      rows: rows.map(({ family, topics: named, records: count }) => [family, named.join(', '), countText(count)]),
    })
  console.log(`${records} records ${dryRun ? 'would be published' : 'published'} to ${settings.name}, marked as replay`)
}
