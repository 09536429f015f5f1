import type { Command } from 'commander'
import { layoutSchemaOf } from '../../app/feeds/layout/schema.js'
import { feedNamed } from '../../app/feeds/plans.js'
import { chosenLayout } from '../../app/operations/feeds/preview.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf } from '../command/context.js'
import { wholeNumber } from '../command/option-values.js'

type Flags = CommonFlags & Readonly<{ layout?: number }>

export const schemaCommand = (): Command =>
  command('schema', 'print the JSON Schema of what a feed delivers, for its receiver', [
    'streamvane feeds schema wfm-intraday --layout 2 > wfm-intraday-v2.schema.json',
  ])
    .argument('<feed>', 'a feed of the configuration')
    .option('--layout <version>', 'of this version of the layout (default: the oldest)', wholeNumber('--layout', 1))
    .action(async (name: string, flags: Flags) => {
      const plan = feedNamed(await configOf(flags), name)
      console.log(JSON.stringify(layoutSchemaOf(plan, chosenLayout(plan, flags.layout)), null, 2))
    })
