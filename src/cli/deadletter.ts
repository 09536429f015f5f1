import type { Command } from 'commander'
import Table from 'cli-table3'
import { deadLetters, replayDeadLetters, type DeadLetter } from '../app/operations/dead-letters.js'
import { printable, printableJson, printableLines } from '../domain/printable.js'
import { command, commandGroup, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { rawWriter } from './command/raw-writer.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags & WaitFlags & Readonly<{ json?: boolean; reason?: string; dryRun?: boolean; raw?: boolean }>

export const deadLetterCommand = (): Command => {
  const group = commandGroup('deadletter', summaries.deadletter)
  group.addCommand(listCommand())
  group.addCommand(showCommand())
  group.addCommand(replayCommand())
  return group
}

const TAKEN_IN = 'streamvane rebuild --promote takes them in'

const listCommand = (): Command =>
  command('list', 'list the input that was set aside, with the reason', [
    'streamvane deadletter list',
    'streamvane deadletter list --reason unknown-topic --json',
    'streamvane deadletter list --reason too-late',
  ])
    .option('--reason <code>', 'only this reason')
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      await withContext('deadletter list', config, async ({ logs }) => {
        const singles = new Table({
          head: ['id', 'received', 'part', 'stage', 'reason', 'detail', 'bytes'],
          style: { head: [], border: [] },
          colWidths: [38, 26, 9, 11, 16, 60, 8],
          wordWrap: true,
        })
        const stretches = new Table({
          head: ['generation', 'day', 'topic', 'events', 'first position', 'last position'],
          style: { head: [], border: [] },
        })
        let late = 0
        for await (const letter of deadLetters(logs, config.tenant)) {
          const { note } = letter
          if (flags.reason !== undefined && note.reason !== flags.reason) continue
          if (flags.json === true) console.log(printableJson(summaryOf(letter)))
          else if (note.stretch !== undefined) {
            const { generation, day, topic, count, first, last } = note.stretch
            late += count
            stretches.push([generation, day, printable(topic), count, first, last])
          } else
            singles.push([
              letter.id,
              note.receivedAt,
              letter.part,
              note.stage,
              printable(note.reason),
              printable(note.detail),
              letter.raw.length,
            ])
        }
        if (flags.json === true) return EXIT.ok
        if (singles.length > 0)
          console.log(
            `${singles.toString()}\n${singles.length} dead letters; streamvane deadletter show <id> prints one whole`,
          )
        if (stretches.length > 0)
          console.log(
            `${stretches.toString()}\n${late} events lie behind the late horizon; the raw log holds them, and ${TAKEN_IN}`,
          )
        if (singles.length + stretches.length === 0) console.log('no dead letters')
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
      await withContext(waiting('deadletter replay', flags), config, async ({ logs, ...context }) => {
        const log = flags.dryRun === true ? undefined : await rawWriter({ ...context, logs })
        const { usable, stored, duplicate, deadLettered, late } = await replayDeadLetters(
          logs,
          config.tenant,
          log,
          Date.now(),
        )
        if (late > 0) {
          const refused = `${late} events behind the late horizon are not replayed: the raw log holds them, and ${TAKEN_IN}`
          if (usable + deadLettered === 0) throw new UsageError(refused)
          console.error(refused)
        }
        console.log(
          `${usable} can be used now, ${deadLettered} still cannot${log === undefined ? '' : `; ${stored} stored, ${duplicate} were stored before`}`,
        )
        return EXIT.ok
      })
    })

const summaryOf = ({ id, part, note, raw }: DeadLetter) => ({ id, part, ...note, bytes: raw.length })
