import { assertRunnable } from '../app/config/runnable.js'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { redacted } from '../app/config/load.js'
import { sinkSettings } from '../app/config/sinks/egress-sinks.js'
import { assertPackages } from '../app/plugins/package-problems.js'
import {
  allSettings,
  changeConfiguration,
  ifThere,
  logStatusOf,
  waitingForRebuild,
  type Change,
} from '../app/operations/imports/import-configuration.js'
import { printable } from '../domain/printable.js'
import { described, iso, isSupposed, sayWaiting } from './configuration-text.js'
import { command, commandGroup, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { recorded, withOperator, type OperatorFlags } from './command/operator.js'
import { instantOf } from './command/option-values.js'
import { EXIT } from './command/exit.js'
import { printTable } from './command/table.js'
import { rawWriter } from './command/raw-writer.js'
import { summaries } from './command/summaries.js'
import { settingsIn } from './settings-files.js'
import { checkDiffRange, showBeforeChange, withDiff, type DiffFlags } from './what-if/before-change.js'

export const configCommand = (): Command => {
  const group = commandGroup('config', summaries.config)
  group.addCommand(checkCommand())
  group.addCommand(importCommand())
  group.addCommand(listCommand())
  return group
}

const checkCommand = (): Command =>
  command('check', 'check the configuration from file, environment and flags, and print what is in force', [
    'streamvane config check --config streamvane.yaml',
    'STREAMVANE_INGRESS__PORT=9000 streamvane config check --json',
  ])
    .option('--json', 'as JSON')
    .action(async (flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const config = await configOf(flags)
      assertRunnable(config, ['ingress', ...(config.audit.key === undefined ? [] : ['audit'])])
      await assertPackages(config, ['ingress', 'egress'])
      console.log(flags.json === true ? JSON.stringify(redacted(config), null, 2) : stringify(redacted(config)))
      console.error(
        `the configuration is valid; rows go to ${
          sinkSettings(config.egress)
            .map(({ name }) => name)
            .join(', ') || 'none'
        }`,
      )
    })

type ImportFlags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  DiffFlags &
  Readonly<{ effectiveAt?: string; dryRun?: boolean; json?: boolean }>

const importCommand = (): Command =>
  withDiff(
    withOperator(
      command(
        'import',
        "take Genesys's configuration into the log: queues, presence definitions, organisation settings; can be run again",
        [
          'streamvane config import queues.json presences.json',
          'streamvane config import queues.json --effective-at 2026-03-01T00:00:00Z',
          'streamvane config import organisation.json --dry-run',
        ],
      ),
    ),
  )
    .argument(
      '<file...>',
      'answers of GET /api/v2/routing/queues or /api/v2/presence/definitions, single objects of them, or organisationSettings',
    )
    .option(
      '--effective-at <instant>',
      'from when on it is in force (default: when the object says that it was modified, else now)',
    )
    .option(...WAIT)
    .option('--dry-run', 'say what would be stored and write nothing')
    .option('--json', 'one JSON object a setting')
    .action(async (files: string[], flags: ImportFlags) => {
      const config = await configOf(flags)
      const now = Date.now()
      const settings = settingsIn(files, { effectiveAt: instantOf('--effective-at', flags.effectiveAt), now })
      const dryRun = flags.dryRun === true
      const operation = { operation: 'config import', details: { files, settings: settings.length } }
      checkDiffRange(flags)
      await withContext(waiting('config import', flags), config, async (context) => {
        const { logs } = context
        const { tenant } = config
        const origin = { tenant, source: files.map((file) => `file:${file}`).join(' '), now }
        const reader = await ifThere(() => logs.raw('reader'))
        const planned = (await changeConfiguration(reader, settings, { ...origin, dryRun: true })).filter(isStored)
        if (planned.length > 0)
          await showBeforeChange(context, flags, {
            supposition: () => ({ settings: planned.flatMap(({ fact }) => (isSupposed(fact) ? [fact] : [])) }),
            willHappen: planned.map(({ fact }) => `to be stored: ${printable(described(fact))}`),
          })
        return recorded(context, flags, operation, async (note) => {
          const raw = dryRun ? reader : await rawWriter(context)
          const status = await logStatusOf(logs, raw, tenant)
          const changes = await changeConfiguration(raw, settings, { ...origin, dryRun })
          for (const { fact, outcome } of changes)
            console.log(
              flags.json === true
                ? JSON.stringify({ outcome, ...fact, at: iso(fact) })
                : `${outcome}: ${printable(described(fact))}`,
            )
          note({ summary: { stored: changes.filter(isStored).map(({ fact }) => described(fact)) } })
          sayTotals(changes, waitingForRebuild(changes, status), dryRun)
          return EXIT.ok
        })
      })
    })

const isStored = ({ outcome }: Change): boolean => outcome === 'stored'

const sayTotals = (changes: readonly Change[], waiting: readonly Change[], dryRun: boolean): void => {
  const stored = changes.filter(isStored).length
  console.error(`${stored} ${dryRun ? 'would be stored' : 'stored'}, ${changes.length - stored} as in force already`)
  sayWaiting(waiting)
}

const listCommand = (): Command =>
  command('list', 'list the settings in the log and from when each is in force', [
    'streamvane config list',
    'streamvane config list --json | jq \'select(.type == "QueueConfigured")\'',
  ])
    .option('--json', 'one JSON object a line')
    .action(async (flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const config = await configOf(flags)
      await withContext('config list', config, async ({ logs }) => {
        const raw = await logs.raw('reader')
        const settings = [...(await allSettings(raw, config.tenant)).values()].flatMap((own) =>
          own.toSorted((a, b) => a.at - b.at),
        )
        if (flags.json === true) {
          for (const fact of settings) console.log(JSON.stringify({ ...fact, at: iso(fact) }))
          return EXIT.ok
        }
        printTable({
          columns: [{ head: 'in force from' }, { head: 'setting', narrow: 'wrap', min: 20 }],
          rows: settings.map((fact) => [iso(fact), described(fact)]),
        })
        return EXIT.ok
      })
    })
