import type { Command } from 'commander'
import {
  changeConfiguration,
  logStatusOf,
  waitingForRebuild,
  type Change,
} from '../../app/operations/imports/import-configuration.js'
import { ifThere } from '../../log/if-there.js'
import { printable } from '../../domain/printable.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { instantOf } from '../command/option-values.js'
import { rawWriter } from '../command/raw-writer.js'
import { checkDiffRange, showBeforeChange, withDiff, type DiffFlags } from '../what-if/before-change.js'
import { described, iso, isSupposed, sayWaiting } from './configuration-text.js'
import { settingsIn } from './settings-files.js'

type ImportFlags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  DiffFlags &
  Readonly<{ effectiveAt?: string; dryRun?: boolean; json?: boolean }>

export const importCommand = (): Command =>
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
