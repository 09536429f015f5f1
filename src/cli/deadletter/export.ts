import type { Command } from 'commander'
import { exportedLetter } from '../../app/operations/dead-letters/export.js'
import { listLetters } from '../../app/operations/dead-letters/listing.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { filterOf, withChoice, withState, type ChoiceFlags } from './choice.js'

export const exportCommand = (): Command =>
  withState(
    withChoice(
      command(
        'export',
        'print dead letters as CloudEvents, one a line, with reason, origin and bytes; `streamvane import` takes such lines in',
        [
          'streamvane deadletter export --reason undecodable > letters.ndjson',
          'streamvane import letters.ndjson --data ./elsewhere',
        ],
      ),
    ),
  )
    .argument('[id...]', 'only these, by id or the beginning of it')
    .action(async (ids: string[], flags: CommonFlags & ChoiceFlags) => {
      const config = await configOf(flags)
      await withContext('deadletter export', config, async ({ logs, signal }) => {
        let exported = 0
        for await (const letter of listLetters(logs, config.tenant, filterOf(flags, ids))) {
          if (signal.aborted) return EXIT.differences
          // What is told of a stretch of late events holds no event: the raw log has them.
          if (letter.note.stretch !== undefined) continue
          console.log(JSON.stringify(exportedLetter(letter, config.tenant)))
          exported++
        }
        console.error(`${exported} dead letters`)
        return EXIT.ok
      })
    })
