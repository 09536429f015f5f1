import type { Command } from 'commander'
import { isStoreSink, sinkSettings, type StoreSinkSettings } from '../app/config/sinks/egress-sinks.js'
import type { Config } from '../app/config/schema.js'
import { folderOf, serverOf } from '../app/sinks/sql.js'
import { failureText } from '../egress/sink.js'
import type { Database } from '../egress/sql/database.js'
import { placeOf, type DatabaseOptions } from '../egress/sql/options.js'
import { command, commandGroup, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { recordedAfter, withOperator, type OperatorFlags } from './command/operator.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags & OperatorFlags & Readonly<{ sink?: string; dryRun?: boolean }>

export const storeCommand = (): Command => {
  const group = commandGroup('store', summaries.store)
  group.addCommand(
    withOperator(
      command(
        'migrate',
        'make the tables of a SQL store, or bring them up to this version: columns are added, nothing is removed',
        ['streamvane store migrate --dry-run > tables.sql', 'streamvane store migrate --sink store'],
      ),
    )
      .option('--sink <name>', 'which store, where there are several')
      .option('--dry-run', 'change nothing; print the statements for an empty database')
      .action(async (flags: Flags) => {
        const config = await configOf(flags)
        const store = chosenStore(sinkSettings(config.egress).filter(isStoreSink), flags.sink)
        await withContext('store migrate', config, async (context) => {
          if (flags.dryRun === true) return printStatements(store.settings.schema)
          return recordedAfter(
            context,
            flags,
            { operation: 'store migrate', details: { sink: store.name, place: placeOf(databaseOf(store, config)) } },
            () => migrate(store, config),
          )
        })
      }),
  )
  return group
}

const databaseOf = (sink: StoreSinkSettings, { data }: Config): DatabaseOptions =>
  sink.use === 'pglite' ? folderOf(sink, data) : serverOf(sink.settings)

const chosenStore = (stores: readonly StoreSinkSettings[], name: string | undefined): StoreSinkSettings => {
  const names = stores.map((store) => store.name)
  const named = stores.filter((store) => store.name === (name ?? store.name))
  const [chosen] = named
  if (chosen !== undefined && named.length === 1) return chosen
  throw new UsageError(
    names.length === 0
      ? 'no entry of egress.sinks is a SQL store: add one with use: postgresql or use: pglite (docs/sql.md)'
      : `--sink: one of ${names.join(', ')}`,
  )
}

const printStatements = async (schema: string): Promise<number> => {
  const { allStatements } = await import('../egress/sql/tables.js')
  for (const statement of allStatements(schema)) console.log(`${statement};`)
  return EXIT.ok
}

const migrate = async (store: StoreSinkSettings, config: Config): Promise<number> => {
  const [{ openDatabase }, { bringUpToDate, isUpToDate }, { sqlFailure }] = await Promise.all([
    import('../egress/sql/database.js'),
    import('../egress/sql/tables.js'),
    import('../egress/sql/failures.js'),
  ])
  const database = databaseOf(store, config)
  const { schema } = store.settings
  const place = placeOf(database)
  let db: Database | undefined
  try {
    db = await openDatabase(database)
    const wasThere = await isUpToDate(db, schema)
    await bringUpToDate(db, schema)
    console.log(
      `${place}, schema ${schema}: ${wasThere ? 'the tables were those of this version' : 'the tables are made'}`,
    )
    return EXIT.ok
  } catch (cause) {
    const failure = sqlFailure(cause, place)
    console.error(failureText(failure))
    return failure.tag === 'Refused' ? EXIT.refused : EXIT.failed
  } finally {
    await db?.destroy()
  }
}
