import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { filesSchema, type FilesSettings } from '../config/sinks/egress-schema.js'
import { REPLAY, sinkKind, type SinkOf } from './sink-kind.js'

export const filesKind = sinkKind({
  use: 'files',
  schema: filesSchema,
  sharedWith: ({ dir }, other, name) =>
    dir !== undefined && other.dir !== undefined && resolve(dir) === resolve(other.dir)
      ? { path: ['dir'], message: `it is the folder of ${name}: each sink needs one of its own` }
      : undefined,
  destination: 'files',
  place: (sink, { data }) => folderOf(sink, data),
  // A sink makes its folder; looking must not.
  notLookedAt: (sink, { data }) => {
    const folder = folderOf(sink, data)
    return existsSync(folder) ? undefined : `${folder} is not there yet`
  },
  open: async (sink, { tenant, data, topics, isReplay }) =>
    (await import('../../egress/files/sink.js')).filesSink({
      name: sink.name,
      // A folder has one writer: a replay beside a running egress needs another.
      folder: join(folderOf(sink, data), ...(isReplay ? [REPLAY] : [])),
      ...{ tenant, topics },
      formats: sink.settings.formats,
      fileBytesMax: sink.settings.fileBytesMax,
    }),
})

/** `files` in the data folder, `files-<name>` if the sink has another name. */
const folderOf = ({ name, settings }: SinkOf<FilesSettings>, data: string): string =>
  settings.dir ?? join(data, name === 'files' ? name : `files-${name}`)
