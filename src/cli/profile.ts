import type { Command } from 'commander'
import { stringify } from 'yaml'
import { loadProfile } from '../app/config/load.js'
import { ConfigError } from '../app/config/schema.js'
import { ifThere, logStatusOf } from '../app/operations/imports/import-configuration.js'
import {
  NotPublishable,
  profileInForce,
  publishedProfiles,
  publishProfile,
  type Publication,
} from '../app/operations/imports/publish-profile.js'
import type { Profile } from '../domain/profile.js'
import { command, commandGroup, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { instantOf } from './command/option-values.js'
import { EXIT } from './command/exit.js'
import { rawWriter } from './command/raw-writer.js'
import { summaries } from './command/summaries.js'
import { profileTestCommand } from './profile-test.js'

export const profileCommand = (): Command => {
  const group = commandGroup('profile', summaries.profile)
  group.addCommand(publishCommand())
  group.addCommand(showCommand())
  group.addCommand(profileTestCommand())
  return group
}

type PublishFlags = CommonFlags & WaitFlags & OperatorFlags & Readonly<{ effectiveAt?: string; dryRun?: boolean }>

const publishCommand = (): Command =>
  withOperator(
    command('publish', 'put a KPI profile into force from an instant on', [
      'streamvane profile publish profile.yaml',
      'streamvane profile publish profile.yaml --effective-at 2026-03-01T00:00:00Z --dry-run',
    ]),
  )
    .argument('<file>', 'the profile, YAML or JSON; what it leaves out is as in the default profile')
    .option('--effective-at <instant>', 'an edge of the base interval (default: the next one)')
    .option(...WAIT)
    .option('--dry-run', 'check it, say what it would change, and write nothing')
    .action(async (file: string, flags: PublishFlags) => {
      const config = configOf(flags)
      const profile = loadProfile(file)
      const effectiveAt = instantOf('--effective-at', flags.effectiveAt)
      const dryRun = flags.dryRun === true
      const { id, version } = profile
      const operation = {
        operation: 'profile publish',
        details: { file, profile: id, version, effectiveAt: flags.effectiveAt ?? 'the next interval' },
      }
      await withContext(waiting('profile publish', flags), config, (context) =>
        recorded(context, flags, operation, async (note) => {
          const { logs } = context
          const { tenant } = config
          const raw = dryRun ? await ifThere(() => logs.raw('reader')) : await rawWriter(context)
          const status = await logStatusOf(logs, raw, tenant)
          const publication = await publishProfile(raw, profile, {
            ...{ tenant, source: `file:${file}`, now: Date.now(), dryRun, effectiveAt, status },
          }).catch((cause: unknown) => {
            throw cause instanceof NotPublishable ? new ConfigError(cause.message) : cause
          })
          const isBefore =
            status.live !== undefined && status.frontier !== undefined && publication.fact.at < status.frontier
          const { fact, outcome, changes, waits } = publication
          note({ summary: { outcome, effectiveAt: new Date(fact.at).toISOString(), changes, waits } })
          for (const line of outcomeOf(publication, dryRun, isBefore)) console.log(line)
          return EXIT.ok
        }),
      )
    })

const outcomeOf = (
  { fact, outcome, changes, waits }: Publication,
  dryRun: boolean,
  isBefore: boolean,
): readonly string[] => {
  const { id, version } = fact.profile
  const from = new Date(fact.at).toISOString()
  if (outcome === 'unchanged') return [`${id} version ${version} is in force from ${from} already: nothing was stored`]
  return [
    `${id} version ${version} ${dryRun ? 'would be' : 'is'} in force from ${from}`,
    ...(changes.length > 0 ? [`changed from then on: ${changes.join(', ')}`] : []),
    ...(waits.length > 0
      ? [
          `changed in the next generation only: ${waits.join(', ')}; \`streamvane rebuild --promote\` computes it, by the profile in the configuration`,
        ]
      : []),
    ...(isBefore ? ['it begins before what is counted already: `streamvane rebuild` applies it there'] : []),
  ]
}

const showCommand = (): Command =>
  command('show', 'show the profile in force', [
    'streamvane profile show',
    'streamvane profile show --at 2026-03-01T00:00:00Z --json',
  ])
    .option('--at <instant>', 'for what happens then (default: now)')
    .option('--json', 'as JSON')
    .action(async (flags: CommonFlags & Readonly<{ at?: string; json?: boolean }>) => {
      const config = configOf(flags)
      const at = instantOf('--at', flags.at) ?? Date.now()
      await withContext('profile show', config, async ({ logs }) => {
        const raw = await ifThere(() => logs.raw('reader'))
        const status = await logStatusOf(logs, raw, config.tenant)
        const published = raw === undefined ? [] : await publishedProfiles(raw, config.tenant)
        const profile = written(profileInForce(published, status, config.profile, at))
        console.log(flags.json === true ? JSON.stringify(profile, null, 2) : stringify(profile))
        const of =
          status.live === undefined
            ? 'nothing was projected yet: the profile of the configuration is the base'
            : `generation ${status.live.name}`
        console.error(`in force at ${new Date(at).toISOString()}; ${of}; ${published.length} published`)
        return EXIT.ok
      })
    })

/** The profile as written in a file. */
const written = (profile: Profile): unknown => ({ ...profile, zone: profile.zone.name })
