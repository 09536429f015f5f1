import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { genesysSettings } from '../../app/operations/genesys/genesys-settings.js'
import { genesysClientOf } from '../../app/operations/genesys/open-client.js'
import { KnownConfiguration } from '../../app/operations/genesys/sync/known-configuration.js'
import { planSync, type SyncPlan } from '../../app/operations/genesys/sync/plan-sync.js'
import { asChanges, countsText, storePlan, syncError } from '../../app/operations/genesys/sync/sync.js'
import { logStatusOf, waitingForRebuild, type Configured } from '../../app/operations/imports/import-configuration.js'
import { ifThere } from '../../log/if-there.js'
import { printable } from '../../domain/printable.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { rawWriter } from '../command/raw-writer.js'
import { described, iso, isSupposed, sayWaiting } from '../config/configuration-text.js'
import { checkDiffRange, showBeforeChange, withDiff, type DiffFlags } from '../what-if/before-change.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  DiffFlags &
  Readonly<{ acceptRemovals?: boolean; dryRun?: boolean; json?: boolean }>

export const syncCommand = (): Command =>
  withDiff(
    withOperator(
      command(
        'sync',
        'take what changed in the configuration of the Genesys organisation into the log: queues, presence definitions, and the names of users, skills, languages, wrap-up codes and divisions',
        [
          'streamvane genesys sync --config streamvane.yaml',
          'streamvane genesys sync --dry-run --diff-from 2026-03-01 --diff-to 2026-03-02',
          'streamvane genesys sync --json | jq \'select(.type == "QueueConfigured")\'',
        ],
      ),
    ),
  )
    .option(
      '--accept-removals',
      'record what Genesys no longer lists as gone, however much it is (default: not when it is more than five objects and a fifth of its kind)',
    )
    .option(...WAIT)
    .option('--dry-run', 'say what would be stored and write nothing')
    .option('--json', 'one JSON object for each setting that changed')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const settings = genesysSettings(config)
      checkDiffRange(flags)
      const dryRun = flags.dryRun === true
      await withContext(waiting('genesys sync', flags), config, async (context) => {
        const plan = await planned(context, settings, flags.acceptRemovals === true)
        for (const problem of plan.problems) console.error(printable(problem))
        if (plan.changed.length > 0)
          await showBeforeChange(context, flags, {
            supposition: () => ({ settings: plan.changed.filter(isSupposed) }),
            willHappen: linesOf(plan.changed).map((line) => `to be stored: ${line}`),
          })
        const details = { organisation: plan.organisation?.id }
        return recorded(context, flags, { operation: 'genesys sync', details }, async (note) => {
          const stored = await stores(context, plan, dryRun)
          if (flags.json === true)
            for (const fact of stored) console.log(JSON.stringify({ outcome: 'stored', ...fact, at: iso(fact) }))
          else for (const line of linesOf(stored)) console.log(`stored: ${line}`)
          // The journal keeps no names: it outlives the erasure of a user.
          const settings = linesOf(stored.filter(isSupposed))
          note({ summary: { stored: countsText(plan), settings, problems: plan.problems.length } })
          const status = await logStatusOf(context.logs, await ifThere(() => context.logs.raw('reader')), config.tenant)
          console.error(
            `${printable(plan.organisation?.name ?? 'the organisation')}: ${listedText(plan)}; ${stored.length} ${dryRun ? 'would be stored' : 'stored'} (${countsText(plan)})`,
          )
          sayWaiting(waitingForRebuild(asChanges(stored), status))
          return plan.problems.length === 0 ? EXIT.ok : EXIT.differences
        })
      })
    })

const planned = async (
  { config: { tenant }, logs, signal }: Context,
  settings: ReturnType<typeof genesysSettings>,
  acceptRemovals: boolean,
): Promise<SyncPlan> => {
  const known = new KnownConfiguration(tenant)
  await known.refresh(await ifThere(() => logs.raw('reader')))
  const client = genesysClientOf(settings)
  const { organisationSettings } = settings
  try {
    const plan = await planSync({ client, known, organisationSettings, acceptRemovals, now: Date.now(), signal })
    if (E.isLeft(plan)) throw syncError(plan.left)
    return plan.right
  } finally {
    await client.close()
  }
}

const stores = async (context: Context, plan: SyncPlan, dryRun: boolean): Promise<readonly Configured[]> =>
  dryRun || plan.changed.length === 0
    ? plan.changed
    : storePlan(await rawWriter(context), plan, { tenant: context.config.tenant, now: Date.now() })

/** On a terminal so many names of a kind are printed. */
const NAMES_SHOWN = 20

/** The settings that changed, for people: in a pipe all of them. */
const linesOf = (facts: readonly Configured[]): readonly string[] => {
  const lines: string[] = []
  const names = new Map<string, number>()
  for (const fact of facts) {
    if (fact.type === 'ObjectNamed' && !fact.gone && process.stdout.isTTY) {
      const count = (names.get(fact.kind) ?? 0) + 1
      names.set(fact.kind, count)
      if (count > NAMES_SHOWN) continue
    }
    lines.push(printable(described(fact)))
  }
  for (const [kind, count] of names)
    if (count > NAMES_SHOWN) lines.push(`${count - NAMES_SHOWN} more names of the kind ${kind} (--json has all)`)
  return lines
}

const listedText = ({ kinds }: SyncPlan): string =>
  kinds.map(({ listed, what, gone }) => `${listed} ${what}${gone === 0 ? '' : `, ${gone} gone`}`).join(', ')
