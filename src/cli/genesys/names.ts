import { Option, type Command } from 'commander'
import { namedDimensions, namesOfAll } from '../../app/names.js'
import { ifThere } from '../../log/if-there.js'
import type { Dimension } from '../../domain/dimensions.js'
import { printable, printableJson } from '../../domain/printable.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { printTable } from '../command/table.js'

type Flags = CommonFlags & Readonly<{ dimension?: readonly Dimension[]; json?: boolean }>

export const namesCommand = (): Command =>
  command('names', 'list what Genesys calls the objects that rows have ids of, as the log says', [
    'streamvane genesys names --dimension userId',
    'streamvane genesys names --json > names.ndjson',
  ])
    .addOption(new Option('--dimension <name...>', 'only of these dimensions (default: all)').choices(namedDimensions))
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      await withContext('genesys names', config, async ({ logs }) => {
        const raw = await ifThere(() => logs.raw('reader'))
        const rows: string[][] = []
        for (const dimension of flags.dimension ?? namedDimensions)
          for (const [id, name] of await namesOfAll(raw, config.tenant, dimension))
            if (flags.json === true) console.log(printableJson({ dimension, id, name }))
            else rows.push([dimension, id, printable(name)])
        if (flags.json !== true)
          printTable({
            columns: [{ head: 'dimension' }, { head: 'id' }, { head: 'name', narrow: 'cut', min: 12 }],
            rows,
          })
        return EXIT.ok
      })
    })
