import type { Command } from 'commander'
import Table from 'cli-table3'
import { deadLetters, replayDeadLetters, type DeadLetter } from '../app/operations/dead-letters.js'
import { printable, printableJson, printableLines } from '../domain/printable.js'
import { command, commandGroup, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags & WaitFlags & Readonly<{ json?: boolean; reason?: string; dryRun?: boolean; raw?: boolean }>

export const deadLetterCommand = (): Command => {
  const group = commandGroup('deadletter', summaries.deadletter)
  group.addCommand(listCommand())
  group.addCommand(showCommand())
  group.addCommand(replayCommand())
  return group
}

const listCommand = (): Command =>
  command('list', 'list the input that was set aside, with the reason', [
    'streamvane deadletter list',
    'streamvane deadletter list --reason unknown-topic --json',
  ])
    .option('--reason <code>', 'only this reason')
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      await withContext('deadletter list', config, async ({ logs }) => {
        const table = new Table({
          head: ['id', 'received', 'part', 'stage', 'reason', 'detail', 'bytes'],
          style: { head: [], border: [] },
          colWidths: [38, 26, 9, 11, 16, 60, 8],
          wordWrap: true,
        })
        let count = 0
        for await (const letter of deadLetters(logs, config.tenant)) {
          if (flags.reason !== undefined && letter.note.reason !== flags.reason) continue
          count++
          if (flags.json === true) console.log(printableJson(summaryOf(letter)))
          else
            table.push([
              letter.id,
              letter.note.receivedAt,
              letter.part,
              letter.note.stage,
              printable(letter.note.reason),
              printable(letter.note.detail),
              letter.raw.length,
            ])
        }
        if (flags.json !== true)
          console.log(
            count === 0
              ? 'no dead letters'
              : `${table.toString()}\n${count} dead letters; streamvane deadletter show <id> prints one whole`,
          )
        return EXIT.ok
      })
    })

const showCommand = (): Command =>
  command('show', 'print one dead letter: why it was set aside, and its bytes as they came', [
    'streamvane deadletter show 6f1c…',
    'streamvane deadletter show --raw 6f1c… > event.json',
  ])
    .argument('<id>', 'its id, or the beginning of it')
    .option('--raw', 'only the bytes')
    .action(async (id: string, flags: Flags) => {
      const config = configOf(flags)
      await withContext('deadletter show', config, async ({ logs }) => {
        for await (const letter of deadLetters(logs, config.tenant)) {
          if (!letter.id.startsWith(id)) continue
          if (flags.raw === true) process.stdout.write(letter.raw)
          else
            console.log(
              printableLines(
                `${JSON.stringify(summaryOf(letter), null, 2)}\n${Buffer.from(letter.raw).toString('utf8')}`,
              ),
            )
          return EXIT.ok
        }
        throw new UsageError(`no dead letter with id ${id}; streamvane deadletter list shows all`)
      })
    })

const replayCommand = (): Command =>
  command('replay', 'take dead letters of the ingress in again, after an upgrade that can use them', [
    'streamvane deadletter replay --dry-run',
    'streamvane deadletter replay',
  ])
    .option(...WAIT)
    .option('--dry-run', 'only say how many could be used')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      await withContext(waiting('deadletter replay', flags), config, async ({ logs }) => {
        const log = flags.dryRun === true ? undefined : await logs.raw('writer')
        const { usable, stored, duplicate, deadLettered } = await replayDeadLetters(
          logs,
          config.tenant,
          log,
          Date.now(),
        )
        console.log(
          `${usable} can be used now, ${deadLettered} still cannot${log === undefined ? '' : `; ${stored} stored, ${duplicate} were stored before`}`,
        )
        return EXIT.ok
      })
    })

const summaryOf = ({ id, part, note, raw }: DeadLetter) => ({ id, part, ...note, bytes: raw.length })
