/** One line about each command, in the order of the help. They stand here so that the help loads no command. */
export const summaries = {
  run: 'ingest events, compute rows and publish them until stopped (SIGTERM, Ctrl-C)',
  import: 'store events from files (one a line, concatenated, arrays, pretty-printed; plain or gzip) in the log',
  simulate: 'generate the events of a contact centre; the same options give the same bytes',
  rows: 'print the latest rows of a family',
  kpis: 'describe the figures that rows can carry',
  schemas: 'check, register and show the Avro schemas of rows',
  topics: 'manage the Kafka topics of rows',
  clock: 'show the clock of the log, tick it by hand, or take it back after it ticked too far',
  log: 'copy the log to another place, or set what EventStoreDB keeps of it',
  backup: 'copy the whole log while everything runs; restore puts the copy back',
  restore: 'verify a backup and put it in place of a log',
  rebuild: 'compute a new generation from the raw log beside the live one and compare the two, interval by interval',
  replay: 'publish the latest rows of a range again, marked as replay',
  generations: 'list the generations with their profiles, and which of them is live',
  corrections:
    'list the rows that were restated after they were final: the reason, the place in the log, and the changes',
  reconcile: 'compare rows with responses of the Genesys aggregates queries, and give every difference its reason',
  deadletter: 'list, show and replay input that could not be used',
  erase: 'erase all raw events of a conversation or a user for ever (a request under data protection law)',
  config: 'check the configuration, and import that of Genesys',
  profile: 'publish KPI profiles, and show the profile in force',
} as const
