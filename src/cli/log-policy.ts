import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { accessOf } from '../app/pipeline/logs/eventstoredb-logs.js'
import { DAY_MS } from '../domain/interval.js'
import { setStreamPolicy, type StreamPolicy } from '../log/eventstoredb/stream-administration.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { wholeNumber } from './command/option-values.js'
import { EXIT, UsageError } from './command/exit.js'

type Flags = CommonFlags &
  Readonly<{
    maxAgeDays?: number
    maxCount?: number
    read?: string[]
    write?: string[]
    delete?: string[]
    dryRun?: boolean
  }>

export const policyCommand = (): Command =>
  command(
    'policy',
    'say how long EventStoreDB keeps a stream and whom it lets at it; what is not named is without limit',
    [
      'streamvane log policy acme.deadletter --max-age-days 400',
      "streamvane log policy acme.clock --max-age-days 400 --read '$admins' streamvane --write streamvane",
    ],
  )
    .argument('<stream>', 'the whole name of the stream')
    .option(
      '--max-age-days <n>',
      'events older than this are no longer read, and go at the next scavenge',
      wholeNumber('--max-age-days', 1),
    )
    .option('--max-count <n>', 'only the newest so many', wholeNumber('--max-count', 1))
    .option('--read <roles...>', 'users and groups that may read it')
    .option('--write <roles...>', 'that may append to it')
    .option('--delete <roles...>', 'that may delete it')
    .option('--dry-run', 'say what would be set')
    .action(async (stream: string, flags: Flags) => {
      const config = configOf(flags, { log: { kind: 'eventstoredb' } })
      if (stream.startsWith(`${config.tenant}.kpi-`))
        throw new UsageError(
          `${stream} holds rows and checkpoints in one: shortened, its generation would have to be rebuilt`,
        )
      const { maxAgeDays, maxCount, read, write } = flags
      const policy: StreamPolicy = {
        ...(maxAgeDays === undefined ? {} : { maxAgeMs: maxAgeDays * DAY_MS }),
        ...(maxCount === undefined ? {} : { maxCount }),
        ...((read ?? write ?? flags.delete)
          ? { acl: { ...(read && { read }), ...(write && { write }), ...(flags.delete && { delete: flags.delete }) } }
          : {}),
      }
      await withContext('log policy', config, async () => {
        if (flags.dryRun === true) {
          console.log(`${stream}: would be set to ${JSON.stringify(policy)}`)
          return 0
        }
        const answer = await setStreamPolicy(accessOf(config.log.eventstoredb), stream, policy)
        if (E.isRight(answer)) {
          console.log(`${stream}: ${answer.right.changed ? 'set' : 'was so already'}`)
          return 0
        }
        console.error(
          answer.left.tag === 'Refused'
            ? answer.left.reason
            : `EventStoreDB is not available: ${String(answer.left.cause)}`,
        )
        return answer.left.tag === 'Refused' ? EXIT.refused : EXIT.failed
      })
    })
