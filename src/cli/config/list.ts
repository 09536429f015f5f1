import type { Command } from 'commander'
import { allSettings } from '../../app/operations/imports/import-configuration.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { printTable } from '../command/table.js'
import { described, iso } from './configuration-text.js'

export const listCommand = (): Command =>
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
