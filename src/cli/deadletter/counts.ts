import type { Command } from 'commander'
import { countLetters } from '../../app/operations/dead-letters/listing.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { countText } from '../command/figures.js'
import { printTable } from '../command/table.js'
import { filterOf, withChoice, withState, type ChoiceFlags } from './choice.js'

export const countsCommand = (): Command =>
  withState(
    withChoice(
      command('counts', 'count dead letters by day of receipt, reason, stage and state', [
        'streamvane deadletter counts --state open',
        'streamvane deadletter counts --from 2026-01-01 --json',
      ]),
    ),
  )
    .option('--json', 'as JSON')
    .action(async (flags: CommonFlags & ChoiceFlags & Readonly<{ json?: boolean }>) => {
      const config = await configOf(flags)
      await withContext('deadletter counts', config, async ({ logs }) => {
        const counts = await countLetters(logs, config.tenant, filterOf(flags))
        if (flags.json === true) console.log(JSON.stringify(counts))
        else if (counts.length === 0) console.log('no dead letters')
        else {
          const sum = (of: 'letters' | 'events'): string =>
            countText(counts.reduce((total, each) => total + each[of], 0))
          printTable({
            columns: [
              { head: 'day' },
              { head: 'reason' },
              { head: 'stage' },
              { head: 'state' },
              { head: 'letters', align: 'right' },
              { head: 'events', align: 'right' },
            ],
            rows: counts.map(({ day, reason, stage, state, letters, events }) => [
              ...[day, reason, stage, state, countText(letters), countText(events)],
            ]),
            totals: ['', '', '', '', sum('letters'), sum('events')],
          })
        }
        return EXIT.ok
      })
    })
