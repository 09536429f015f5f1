import type { Command } from 'commander'
import Table from 'cli-table3'
import { computedGenerations } from '../app/operations/computed.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { summaries } from './command/summaries.js'

export const generationsCommand = (): Command =>
  command('generations', summaries.generations, ['streamvane generations', 'streamvane generations --json'])
    .option('--json', 'one JSON object a line')
    .action(async (flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const config = configOf(flags)
      await withContext('generations', config, async ({ logs }) => {
        const { all, live } = await computedGenerations(logs, config.tenant)
        const table = new Table({
          head: ['generation', 'live', 'started', 'profile', 'points from', 'projection'],
          style: { head: [], border: [] },
        })
        for (const generation of Object.values(all)) {
          const { name, profile, startedAt, projectionVersion } = generation
          if (flags.json === true) console.log(JSON.stringify({ ...generation, live: name === live }))
          else
            table.push([
              name,
              name === live ? 'yes' : '',
              startedAt,
              `${profile.id} v${profile.version}`,
              profile.points,
              projectionVersion,
            ])
        }
        if (flags.json !== true) console.log(table.toString())
        return EXIT.ok
      })
    })
