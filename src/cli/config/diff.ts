import type { Command } from 'commander'
import { compareConfigs, type ConfigDifference } from '../../app/config/environments/compare.js'
import { loadForComparison } from '../../app/config/load.js'
import { command, type CommonFlags } from '../command/command.js'
import { configFiles } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { countText } from '../command/figures.js'
import { printTable, type Cell } from '../command/table.js'
import { environmentFiles } from './environment-files.js'

export const diffCommand = (): Command =>
  command('diff', 'say in which settings two environments differ, and which of these change figures', [
    'streamvane config diff dev prod --config streamvane.yaml',
    'streamvane config diff dev.yaml base.yaml,prod.yaml --json | jq .differences',
  ])
    .argument('<old>', 'a name (environments/NAME.yaml), or files with commas between them; laid over --config')
    .argument('<new>', 'the same')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nOnly what the files say is compared: no variable, no flag, and of secrets the references.\nIt ends with code 0 if they say the same, else with 5.',
    )
    .action((old: string, now: string, flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const base = configFiles(flags)
      const [before, after] = [old, now].map((name) => environmentFiles(name, base)) as [string[], string[]]
      const differences = compareConfigs(loadForComparison(before), loadForComparison(after))
      if (flags.json === true)
        console.log(
          JSON.stringify({ old: { name: old, files: before }, new: { name: now, files: after }, differences }, null, 2),
        )
      else printDifferences(differences, [old, now])
      process.exitCode = differences.length === 0 ? EXIT.ok : EXIT.differences
    })

const printDifferences = (differences: readonly ConfigDifference[], [old, now]: readonly [string, string]): void => {
  if (differences.length > 0)
    printTable({
      columns: [
        { head: 'changes' },
        { head: 'setting', narrow: 'wrap', min: 20 },
        { head: old, narrow: 'wrap', min: 12 },
        { head: now, narrow: 'wrap', min: 12 },
        { head: 'what', narrow: 'wrap', min: 16 },
      ],
      rows: differences.map((each): readonly Cell[] => [
        each.effect === 'figures' ? { text: 'figures', style: 'red' } : each.effect,
        each.path,
        ...sidesOf(each),
        each.what,
      ]),
    })
  const changing = differences.filter(({ effect }) => effect === 'figures').length
  console.error(
    differences.length === 0
      ? `${old} and ${now} say the same`
      : `${countText(differences.length)} differ: ${countText(changing)} change figures, ${countText(differences.length - changing)} only plumbing`,
  )
}

const sidesOf = (difference: ConfigDifference): readonly [string, string] =>
  difference.hidden
    ? [valueText(difference.old), `${valueText(difference.new)} (another)`]
    : [valueText(difference.old), valueText(difference.new)]

const valueText = (value: unknown): string =>
  value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)
