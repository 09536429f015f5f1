import { Option, type Command } from 'commander'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import { exportFormats, exportRows, type ExportFormat } from '../app/operations/export/export-rows.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { granularities, type Granularity } from '../domain/granularity.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { bytesText, countText } from './command/figures.js'
import { rangeOf } from './command/option-values.js'
import { summaries } from './command/summaries.js'
import { printTable } from './command/table.js'

type Flags = CommonFlags &
  Readonly<{
    format: ExportFormat
    out: string
    family?: readonly FamilyName[]
    from?: string
    to?: string
    granularity?: Granularity
    generation?: string
    json?: boolean
  }>

export const exportCommand = (): Command =>
  command('export', summaries.export, [
    'streamvane export --format parquet --from 2026-01-05 --to 2026-01-06 --out day',
    'streamvane export --format csv --family queue agent --granularity PT1H --out hours',
    'duckdb -c "SELECT media_type, sum(n_offered) FROM \'day/queue_metrics.parquet\' GROUP BY 1"',
  ])
    .addOption(new Option('--format <format>', 'format of the files').choices(exportFormats).default('parquet'))
    .requiredOption('--out <dir>', 'folder of the files; files of the same names are replaced')
    .addOption(new Option('--family <names...>', 'only these families (default: all)').choices(familyNames))
    .option('--from <instant>', 'intervals that start then or later')
    .option('--to <instant>', 'intervals that start before')
    .addOption(new Option('--granularity <period>', 'only intervals of this length').choices(granularities))
    .option('--generation <name>', 'of this generation (default: the live one)')
    .option('--json', 'one JSON object a file')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const { from, to } = rangeOf(flags)
      await withContext('export', config, async ({ logs, signal }) => {
        const { tenant, data } = config
        const { name: generation, profile } = chosenGeneration(
          await computedGenerations(logs, tenant),
          flags.generation,
          tenant,
        )
        const { format, out, granularity, family: families = profile.families } = flags
        const of = { kpi: await logs.kpi(generation, 'reader'), tenant, generation, data }
        const files = await exportRows({ of, families, granularity, from, to, format, out, signal })
        if (flags.json === true) for (const file of files) console.log(JSON.stringify(file))
        else
          printTable({
            columns: [{ head: 'file' }, { head: 'rows', align: 'right' }, { head: 'size', align: 'right' }],
            rows: files.map(({ file, rows, bytes }) => [file, countText(rows), bytesText(bytes)]),
          })
        if (!signal.aborted) return EXIT.ok
        console.error(`stopped after ${files.length} of ${families.length} files; the others were not written`)
        return EXIT.differences
      })
    })
