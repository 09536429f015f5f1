import type { Command } from 'commander'
import { stringify } from 'yaml'
import { loadProfile, readConfigFile } from '../app/config/load.js'
import { ConfigError } from '../app/config/schema.js'
import { logStatusOf } from '../app/operations/imports/import-configuration.js'
import { ifThere } from '../log/if-there.js'
import {
  NotPublishable,
  profileInForce,
  publishedProfiles,
  publishProfile,
  withStructureOf,
  type Publication,
  type PublishOptions,
} from '../app/operations/imports/publish-profile.js'
import {
  assertExpectedTarget,
  otherVersion,
  profileFileOf,
  promotionDetails,
  readPromotion,
  type Promotion,
} from '../app/operations/promotion/promotion.js'
import { PROJECTION_VERSION } from '../app/pipeline/generations.js'
import type { Profile } from '../domain/profile.js'
import type { EventLog } from '../log/event-log.js'
import { command, commandGroup, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext, type Context } from './command/context.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { instantOf } from './command/option-values.js'
import { EXIT, UsageError } from './command/exit.js'
import { rawWriter } from './command/raw-writer.js'
import { summaries } from './command/summaries.js'
import { profileTestCommand } from './profile-test.js'
import { version } from './version.js'
import { checkDiffRange, showBeforeChange, withDiff, type DiffFlags } from './what-if/before-change.js'

export const profileCommand = (): Command => {
  const group = commandGroup('profile', summaries.profile)
  group.addCommand(publishCommand())
  group.addCommand(showCommand())
  group.addCommand(profileTestCommand())
  return group
}

type PublishFlags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  DiffFlags &
  Readonly<{ promotion?: string; effectiveAt?: string; dryRun?: boolean }>

const publishCommand = (): Command =>
  withDiff(
    withOperator(
      command('publish', 'put a KPI profile into force from an instant on', [
        'streamvane profile publish profile.yaml',
        'streamvane profile publish profile.yaml --effective-at 2026-03-01T00:00:00Z --dry-run',
        'streamvane profile publish --promotion promotion.json --by anna',
      ]),
    ),
  )
    .argument('[file]', 'the profile, YAML or JSON; what it leaves out is as in the default profile')
    .option('--promotion <file>', 'instead of a profile: what `streamvane config promote` wrote in another environment')
    .option('--effective-at <instant>', 'an edge of the base interval (default: the next one)')
    .option(...WAIT)
    .option('--dry-run', 'check it, say what it would change, and write nothing')
    .action(async (given: string | undefined, flags: PublishFlags) => {
      const config = await configOf(flags)
      const { file, profile, promotion } = profileGiven(given, flags)
      const effectiveAt = instantOf('--effective-at', flags.effectiveAt)
      const dryRun = flags.dryRun === true
      const operation = {
        operation: 'profile publish',
        details: {
          ...{
            file,
            profile: profile.id,
            version: profile.version,
            effectiveAt: flags.effectiveAt ?? 'the next interval',
          },
          ...(promotion !== undefined && { promotion: promotionDetails(promotion) }),
        },
      }
      checkDiffRange(flags)
      const source = `file:${file}`
      await withContext(waiting('profile publish', flags), config, async (context) => {
        const reader = await ifThere(() => context.logs.raw('reader'))
        if (promotion !== undefined) {
          const note = otherVersion(promotion, { program: version(), projection: PROJECTION_VERSION })
          if (note !== undefined) console.error(note)
          assertExpectedTarget(promotion, await profileNow(context, reader), operatorOf(flags).why)
        }
        const planned = await published(context, reader, profile, { source, effectiveAt, dryRun: true })
        if (planned.outcome === 'stored')
          await showBeforeChange(context, flags, {
            supposition: (inForce) => ({ profile: withStructureOf(inForce, profile) }),
            willHappen: outcomeOf(planned, true),
          })
        return recorded(context, flags, operation, async (note) => {
          const raw = dryRun ? reader : await rawWriter(context)
          const publication = await published(context, raw, profile, { source, effectiveAt, dryRun })
          const { fact, outcome, changes, waits } = publication
          note({ summary: { outcome, effectiveAt: new Date(fact.at).toISOString(), changes, waits } })
          for (const line of outcomeOf(publication, dryRun)) console.log(line)
          return EXIT.ok
        })
      })
    })

type Given = Readonly<{ file: string; profile: Profile; promotion?: Promotion }>

/** What is published: a profile of a file, or of a promotion. Throws `ConfigError`, `ProfilePromotionRefused`. */
const profileGiven = (file: string | undefined, { promotion: from }: PublishFlags): Given => {
  if (from !== undefined && file === undefined) return { file: from, ...readPromotion(readConfigFile(from)) }
  if (from !== undefined || file === undefined) throw new UsageError('give the file of a profile, or --promotion')
  return { file, profile: loadProfile(file) }
}

const profileNow = async ({ config, logs }: Context, raw: EventLog | undefined): Promise<Profile> =>
  profileInForce(
    raw === undefined ? [] : await publishedProfiles(raw, config.tenant),
    await logStatusOf(logs, raw, config.tenant),
    config.profile,
    Date.now(),
  )

/** `isBefore`: it takes effect before what is counted already. */
type Published = Publication & Readonly<{ isBefore: boolean }>

const published = async (
  { config: { tenant }, logs }: Context,
  raw: EventLog | undefined,
  profile: Profile,
  options: Pick<PublishOptions, 'source' | 'effectiveAt' | 'dryRun'>,
): Promise<Published> => {
  const status = await logStatusOf(logs, raw, tenant)
  const publication = await publishProfile(raw, profile, { ...options, tenant, now: Date.now(), status }).catch(
    (cause: unknown) => {
      throw cause instanceof NotPublishable ? new ConfigError(cause.message) : cause
    },
  )
  const { frontier, live } = status
  return {
    ...publication,
    isBefore: live !== undefined && frontier !== undefined && publication.fact.at < frontier,
  }
}

const outcomeOf = ({ fact, outcome, changes, waits, isBefore }: Published, dryRun: boolean): readonly string[] => {
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
      const config = await configOf(flags)
      const at = instantOf('--at', flags.at) ?? Date.now()
      await withContext('profile show', config, async ({ logs }) => {
        const raw = await ifThere(() => logs.raw('reader'))
        const status = await logStatusOf(logs, raw, config.tenant)
        const published = raw === undefined ? [] : await publishedProfiles(raw, config.tenant)
        const profile = profileFileOf(profileInForce(published, status, config.profile, at))
        console.log(flags.json === true ? JSON.stringify(profile, null, 2) : stringify(profile))
        const of =
          status.live === undefined
            ? 'nothing was projected yet: the profile of the configuration is the base'
            : `generation ${status.live.name}`
        console.error(`in force at ${new Date(at).toISOString()}; ${of}; ${published.length} published`)
        return EXIT.ok
      })
    })
