import type { Command } from 'commander'
import { listLetters, type DecidedLetter } from '../../app/operations/dead-letters/listing.js'
import { printable, printableJson } from '../../domain/printable.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { printTable } from '../command/table.js'
import { filterOf, withChoice, withState, type ChoiceFlags } from './choice.js'

type Flags = CommonFlags & ChoiceFlags & Readonly<{ json?: boolean }>

export const TAKEN_IN = 'streamvane rebuild --promote takes them in'

export const listCommand = (): Command =>
  withState(
    withChoice(
      command('list', 'list the input that was set aside, with the reason and what was decided about it', [
        'streamvane deadletter list --state open',
        'streamvane deadletter list --reason unknown-topic --from 2026-01-05 --json',
        'streamvane deadletter list --reason too-late',
      ]),
    ),
  )
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      await withContext('deadletter list', config, async ({ logs }) => {
        const [singles, stretches]: [string[][], string[][]] = [[], []]
        let late = 0
        for await (const letter of listLetters(logs, config.tenant, filterOf(flags))) {
          const { note, state } = letter
          if (flags.json === true) console.log(printableJson(summaryOf(letter)))
          else if (note.stretch !== undefined) {
            const { generation, day, topic, count, first, last } = note.stretch
            late += count
            stretches.push([generation, day, topic, state, String(count), `${first}–${last}`])
          } else {
            const { id, part, raw } = letter
            const time = note.receivedAt.slice(0, 19).replace('T', ' ')
            singles.push([id, time, note.reason, state, note.detail, part, note.stage, String(raw.length)])
          }
        }
        if (flags.json === true) return EXIT.ok
        if (singles.length > 0) {
          printTable(
            {
              columns: [
                { head: 'id' },
                { head: 'received', rank: 2 },
                { head: 'reason' },
                { head: 'state' },
                { head: 'detail', narrow: 'wrap', rank: 1, min: 20 },
                { head: 'part', rank: 3 },
                { head: 'stage', rank: 4 },
                { head: 'bytes', align: 'right', rank: 5 },
              ],
              rows: singles,
            },
            '--json has all',
          )
          console.log(`${singles.length} dead letters; streamvane deadletter show <id> prints one whole`)
        }
        if (stretches.length > 0) {
          printTable({
            columns: [
              { head: 'generation' },
              { head: 'day' },
              { head: 'topic', narrow: 'wrap' },
              { head: 'state' },
              { head: 'events', align: 'right' },
              { head: 'positions', rank: 1 },
            ],
            rows: stretches,
          })
          console.log(`${late} events lie behind the late horizon; the raw log holds them, and ${TAKEN_IN}`)
        }
        if (singles.length + stretches.length === 0) console.log('no dead letters')
        return EXIT.ok
      })
    })

export const summaryOf = ({ id, part, note, raw, state, decision }: DecidedLetter) => ({
  ...{ id, part, ...note, bytes: note.bytes ?? raw.length, state },
  ...(decision !== undefined && { decision: { ...decision, by: printable(decision.by) } }),
})
