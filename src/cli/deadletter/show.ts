import type { Command } from 'commander'
import { listLetters, type DecidedLetter } from '../../app/operations/dead-letters/listing.js'
import { remedyOf } from '../../app/operations/dead-letters/remedies.js'
import { printableJson, printableLines } from '../../domain/printable.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { summaryOf } from './list.js'

type Flags = CommonFlags & Readonly<{ raw?: boolean; json?: boolean }>

export const showCommand = (): Command =>
  command('show', 'print one dead letter: why it was set aside, what to do about it, and its bytes as they came', [
    'streamvane deadletter show 6f1c…',
    'streamvane deadletter show --raw 6f1c… > event.json',
  ])
    .argument('<id>', 'its id, or the beginning of it')
    .option('--raw', 'only the bytes')
    .option('--json', 'as JSON, with the bytes in base64')
    .action(async (id: string, flags: Flags) => {
      const config = await configOf(flags)
      await withContext('deadletter show', config, async ({ logs }) => {
        for await (const letter of listLetters(logs, config.tenant, { ids: [id] })) {
          const { note, raw } = letter
          const { meaning, remedy, retry } = remedyOf(note.reason, note.stage)
          if (flags.raw === true) process.stdout.write(raw)
          else if (flags.json === true) {
            const told = { ...summaryOf(letter), meaning, remedy, canBeRetried: retry }
            console.log(printableJson({ ...told, raw: Buffer.from(raw).toString('base64') }))
          } else {
            for (const line of aboutLines(letter)) console.log(printableLines(line))
            console.log(`\nwhat it means: ${meaning}\nwhat to do:    ${remedy}\n`)
            console.log(printableLines(Buffer.from(raw).toString('utf8')))
          }
          return EXIT.ok
        }
        throw new UsageError(`no dead letter with id ${id}; streamvane deadletter list shows all`)
      })
    })

const aboutLines = ({ id, part, note, raw, state, decision }: DecidedLetter): readonly string[] => [
  `dead letter ${id} (${note.reason})`,
  note.detail,
  `set aside by the ${note.stage} (part ${part}), received ${note.receivedAt}, from ${note.origin}${note.topic === undefined ? '' : `, topic ${note.topic}`}`,
  `${raw.length} bytes${note.bytes === undefined ? '' : ` of ${note.bytes}, SHA-256 ${note.sha256 ?? 'not known'}`}`,
  decision === undefined
    ? `state: ${state}`
    : `state: ${state} by ${decision.by} at ${decision.at}${decision.why === undefined ? '' : `: ${decision.why}`}`,
]
