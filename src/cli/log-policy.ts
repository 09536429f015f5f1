import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { accessOf } from '../app/pipeline/logs/eventstoredb-logs.js'
import { DAY_MS } from '../domain/interval.js'
import { setDefaultRights, setStreamPolicy } from '../log/eventstoredb/administration/policy.js'
import type { DefaultRights, StreamPolicy } from '../log/eventstoredb/administration/policy.js'
import type { Rights, Roles } from '../log/eventstoredb/administration/rights.js'
import type { PolicyFailure } from '../log/eventstoredb/administration/system-event.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { wholeNumber } from './command/option-values.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { EXIT, UsageError } from './command/exit.js'

type Flags = CommonFlags &
  OperatorFlags &
  Readonly<{
    default?: boolean
    maxAgeDays?: number
    maxCount?: number
    read?: string[]
    write?: string[]
    delete?: string[]
    dryRun?: boolean
  }>

export const policyCommand = (): Command =>
  withOperator(
    command(
      'policy',
      'say how long EventStoreDB keeps a stream and whom it lets at it; what is not named is without limit. With --default: who may use the streams of which nothing is said',
      [
        'streamvane log policy acme.deadletter --max-age-days 400',
        "streamvane log policy acme.clock --max-age-days 400 --read '$admins' streamvane --write streamvane",
        "streamvane log policy --default --read streamvane --write streamvane --delete '$admins'",
        "streamvane log policy '$all' --read streamvane '$admins'",
        'streamvane log policy --default',
      ],
    ),
  )
    .argument('[stream]', "the whole name of the stream; '$all' is the whole log")
    .option(
      '--default',
      'for every stream of the server of which nothing is said; without further options: show what is in force',
    )
    .option(
      '--max-age-days <n>',
      'events older than this are no longer read, and go at the next scavenge',
      wholeNumber('--max-age-days', 1),
    )
    .option('--max-count <n>', 'only the newest so many', wholeNumber('--max-count', 1))
    .option('--read <roles...>', 'users and groups that may read it')
    .option('--write <roles...>', 'that may append to it')
    .option('--delete <roles...>', 'that may delete it (with --default: and set its policy)')
    .option('--dry-run', 'say what would be set')
    .action(async (stream: string | undefined, flags: Flags) => {
      const config = await configOf(flags, { log: { kind: 'eventstoredb' } })
      const access = accessOf(config.log.eventstoredb)
      const { read, write, delete: mayDelete } = flags
      const rights = { ...(read && { read }), ...(write && { write }), ...(mayDelete && { delete: mayDelete }) }
      if (flags.default === true) {
        if (stream !== undefined) throw new UsageError(`name a stream or --default, not both`)
        if (flags.maxAgeDays !== undefined || flags.maxCount !== undefined)
          throw new UsageError('--default says who may use streams; how long they are kept is said for each')
        const isSetting = Object.keys(rights).length > 0
        const operation = { operation: 'log policy', details: { default: rights } }
        await withContext('log policy', config, (context) =>
          recorded(context, { ...flags, dryRun: flags.dryRun === true || !isSetting }, operation, async (note) => {
            const answer = await setDefaultRights(access, rights, flags.dryRun)
            if (E.isLeft(answer)) return reportFailure(answer.left)
            note({ summary: { changed: answer.right.changed } })
            console.log(summary(answer.right.changed, isSetting, flags.dryRun === true))
            console.log(table(answer.right))
            return EXIT.ok
          }),
        )
        return
      }
      if (stream === undefined) throw new UsageError('name the stream, or say --default')
      if (stream.startsWith(`${config.tenant}.kpi-`))
        throw new UsageError(
          `${stream} holds rows and checkpoints in one: shortened, its generation would have to be rebuilt`,
        )
      const policy: StreamPolicy = {
        ...(flags.maxAgeDays === undefined ? {} : { maxAgeMs: flags.maxAgeDays * DAY_MS }),
        ...(flags.maxCount === undefined ? {} : { maxCount: flags.maxCount }),
        ...(Object.keys(rights).length > 0 ? { acl: rights } : {}),
      }
      const operation = { operation: 'log policy', details: { stream, ...policy } }
      await withContext('log policy', config, (context) =>
        recorded(context, flags, operation, async (note) => {
          if (flags.dryRun === true) {
            console.log(`${stream}: would be set to ${JSON.stringify(policy)}`)
            return EXIT.ok
          }
          const answer = await setStreamPolicy(access, stream, policy)
          if (E.isLeft(answer)) return reportFailure(answer.left)
          note({ summary: { changed: answer.right.changed } })
          console.log(`${stream}: ${answer.right.changed ? 'set' : 'was so already'}`)
          return EXIT.ok
        }),
      )
    })

const summary = (changed: boolean, isSetting: boolean, isDryRun: boolean): string => {
  if (!isSetting) return 'in force:'
  if (!changed) return 'was so already; in force:'
  return isDryRun ? 'would be in force (nothing was changed):' : 'set; in force now:'
}

/** The rights of a stream that says nothing of its own, and of the whole log. */
const table = ({ ofStreams, ofAll }: DefaultRights): string => {
  const lines: readonly [string, Roles][] = [
    ['read a stream', ofStreams.read],
    ['append to it', ofStreams.write],
    ['delete it', ofStreams.delete],
    ['read its policy', ofStreams.metaRead],
    ['set its policy', ofStreams.metaWrite],
    ['read the whole log ($all)', ofAll.read],
  ]
  const width = Math.max(...lines.map(([what]) => what.length))
  return [...lines.map(([what, roles]) => `  ${what.padEnd(width)}  ${named(roles)}`), ...warnings(ofStreams)].join(
    '\n',
  )
}

const named = (roles: Roles): string => {
  if (roles.includes('$all')) return 'everybody ($all)'
  return roles.includes('$admins') ? roles.join(', ') : [...roles, '$admins (always)'].join(', ')
}

const warnings = (rights: Required<Rights>): readonly string[] => {
  const open = (['write', 'delete', 'metaWrite'] as const).filter((right) => rights[right].includes('$all'))
  const words = { write: 'append to', delete: 'erase', metaWrite: 'set the policy of' }
  return open.length === 0
    ? []
    : [`any user of the server may ${open.map((right) => words[right]).join(', ')} every stream that says nothing else`]
}

const reportFailure = (failure: PolicyFailure): number => {
  switch (failure.tag) {
    case 'Refused':
      console.error(failure.reason)
      return EXIT.refused
    case 'Denied':
      console.error(
        'EventStoreDB does not let this user read or set policies: run it with the name and password of one of $admins (log.eventstoredb.username and password)',
      )
      return EXIT.refused
    case 'NotAvailable':
      console.error(`EventStoreDB is not available: ${String(failure.cause)}`)
      return EXIT.failed
  }
}
