import type { Command } from 'commander'
import { keepErasedLeaves } from '../app/operations/audit/audit-log.js'
import { deadLetters } from '../app/operations/dead-letters.js'
import { erase, type Erasure, type Mention } from '../app/operations/erase.js'
import { eraseFacts } from '../facts/segment-files.js'
import { configStream, conversationStream, userStream } from '../domain/stream-name.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { progressBar } from './command/progress.js'
import { rawWriter } from './command/raw-writer.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  Readonly<{ conversation?: string; user?: string; yes?: boolean; json?: boolean }>

export const eraseCommand = (): Command =>
  withOperator(
    command('erase', summaries.erase, [
      'streamvane erase --conversation 9d0c…            # says what would be erased',
      'streamvane erase --conversation 9d0c… --yes',
      'streamvane erase --user 71fa… --yes --json',
    ]),
  )
    .option('--conversation <id>', 'the conversation whose events go')
    .option(
      '--user <id>',
      'the user whose events go: presence, routing status, activity, name (not the conversations with this user)',
    )
    .option(...WAIT)
    .option('--yes', 'erase; without it the command only says what would be erased')
    .option('--json', 'as JSON')
    .action(async (flags: Flags) => {
      const { conversation, user } = flags
      if ((conversation === undefined) === (user === undefined))
        throw new UsageError('say either --conversation or --user')
      const config = await configOf(flags)
      const entityId = conversation ?? user ?? ''
      const stream =
        conversation === undefined ? userStream(config.tenant, entityId) : conversationStream(config.tenant, entityId)
      const dryRun = flags.yes !== true
      const operation = { operation: 'erase', details: { stream } }
      await withContext(waiting('erase', flags), config, (context) =>
        recorded(context, { ...flags, dryRun }, operation, async (note) => {
          const { logs } = context
          const { tenant } = config
          const raw = dryRun ? await logs.raw('reader') : await rawWriter(context)
          const head = await raw.head()
          const bar = progressBar('erase', head === undefined ? undefined : Number(head))
          const erasure = await erase({
            ...{ raw, tenant, stream, entityId, dryRun, now: Date.now },
            also: user === undefined ? [] : [configStream(tenant, 'user', user)],
            deadLetters: () => deadLetters(logs, tenant),
            keepLeaves: (entries) => keepErasedLeaves(logs, tenant, entries, config.audit.key !== undefined),
            forgetFacts: (name) => eraseFacts(config.data, tenant, name),
            onProgress: (position) => bar.update(Number(position)),
          }).finally(() => bar.stop())
          const { events, points, mentions, also } = erasure
          note({
            summary: { events, also: also.length, points, mentions: mentions.length, deadLetters: erasure.deadLetters },
          })
          if (flags.json === true) console.log(JSON.stringify({ dryRun, ...erasure }))
          else for (const line of linesOf(erasure, dryRun)) console.log(line)
          if (!dryRun && events + also.length > 0 && config.log.kind === 'eventstoredb')
            console.error(
              config.log.encryption === undefined
                ? 'the bytes go when EventStoreDB is scavenged: run a scavenge'
                : 'what was encrypted of it is unreadable from now on; the bytes go when EventStoreDB is scavenged',
            )
          return EXIT.ok
        }),
      )
    })

const MENTIONS_PRINTED = 20

const linesOf = (
  { stream, events, points, also, erasedBefore, mentions, deadLetters }: Erasure,
  dryRun: boolean,
): readonly string[] => {
  const before = erasedBefore === null ? '' : `, it was erased on ${new Date(erasedBefore).toISOString()}`
  const total = mentions.reduce((sum, mention) => sum + mention.events, 0)
  return [
    `${stream}: ${events} events ${dryRun ? 'would be' : 'were'} erased${events === 0 ? before : dryRun ? '; --yes erases them for ever' : ''}`,
    ...also.map((other) => `${other.stream}: ${other.events} events ${dryRun ? 'would be' : 'were'} erased with it`),
    ...(points > 0
      ? [`rows computed from now on say what is missing in them (${points} places); published rows stay as they are`]
      : []),
    ...(total > 0
      ? [`${total} events in other streams contain the id and stay, because the log erases whole streams:`]
      : []),
    ...mentions
      .slice(0, MENTIONS_PRINTED)
      .map((mention) => `  ${mention.stream}: ${mention.events} of ${mention.topic}${commandFor(mention)}`),
    ...(mentions.length > MENTIONS_PRINTED
      ? [`  ${mentions.length - MENTIONS_PRINTED} more lines: --json has all`]
      : []),
    ...(deadLetters > 0 ? [`${deadLetters} dead letters contain the id and stay: streamvane deadletter list`] : []),
  ]
}

/** What would erase the whole stream, with everything else that is in it. */
const commandFor = ({ stream, topic }: Mention): string => {
  // Version 0.1.0 stored them there.
  if (topic.startsWith('v2.analytics.flow.')) return ' (the stream of a flow, with records of all its conversations)'
  const [, kind, id] = /\.(conversation|user)-(.+)$/.exec(stream) ?? []
  return kind === undefined ? '' : ` (all of it goes with: streamvane erase --${kind} ${id})`
}
