import type { Command } from 'commander'
import { ifThere } from '../log/if-there.js'
import { printable, printableJson } from '../domain/printable.js'
import { readRefusedRecords } from '../egress/refused-records.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { printTable } from './command/table.js'

type Flags = CommonFlags & Readonly<{ sink?: string; json?: boolean }>

export const refusedCommand = (): Command =>
  command('refused', 'list the records that a destination refused for ever and that were set aside, oldest first', [
    'streamvane egress refused',
    'streamvane egress refused --sink hooks --json',
  ])
    .option('--sink <name>', 'only those of this sink')
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const { sink, json } = flags
      await withContext('egress refused', await configOf(flags), async ({ config: { tenant }, logs }) => {
        const control = await ifThere(() => logs.control('reader'))
        const rows: string[][] = []
        const times: string[] = []
        if (control !== undefined)
          for await (const record of readRefusedRecords(control, tenant)) {
            if (sink !== undefined && record.sink !== sink) continue
            if (json === true) console.log(printableJson(record))
            if (record.time !== undefined) times.push(record.time)
            const { at, id, reason } = record
            rows.push([at.slice(0, 19).replace('T', ' '), record.sink, printable(id), printable(reason)])
          }
        if (json === true) return EXIT.ok
        if (rows.length === 0) console.log('no record was refused')
        else {
          printTable(
            {
              columns: [
                { head: 'refused', rank: 2 },
                { head: 'sink' },
                { head: 'record', narrow: 'wrap', min: 20 },
                { head: 'reason', narrow: 'wrap', rank: 1, min: 20 },
              ],
              rows,
            },
            '--json has all',
          )
          console.log(`${rows.length} refused records${replayOf(times)}`)
        }
        return EXIT.ok
      })
    })

/** How they are sent again, with what was wrong mended: the rows are in the KPI log. */
const replayOf = (times: readonly string[]): string => {
  const sorted = [...times].sort()
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return ''
  const behind = new Date(Date.parse(last) + 1).toISOString()
  return `; streamvane replay --sink <name> --from ${first} --to ${behind} sends the rows of their intervals again`
}
