import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** Named as the place of a change that nobody has made yet. */
const PLANNED = new Set(['src/egress/rabbitmq/', 'src/egress/sql/', 'src/ingress/service-bus.ts'])

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  ...['docs', 'docs/adr', 'docs/deploy', 'docs/runbooks', 'docs/sinks', 'docs/sources'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
]

const textOf = (document: string): string => readFileSync(join(ROOT, document), 'utf8')

/** A file may be named without its ending. */
const exists = (path: string): boolean =>
  ['', '.ts', '.test.ts', '.contract.ts', '.md'].some((ending) => existsSync(join(ROOT, path + ending)))

test('every file of the project that a document names exists', () => {
  const missing = documents.flatMap((document) =>
    [...textOf(document).matchAll(/`((?:src|test|dev|bench|docs|schemas)\/[\w./-]+)/g)]
      .map(([, path]) => path as string)
      .filter((path) => !PLANNED.has(path) && !exists(path))
      .map((path) => `${document}: ${path}`),
  )
  expect(missing).toEqual([])
})

test('every link from a document to another one has a target', () => {
  const broken = documents.flatMap((document) =>
    [...textOf(document).matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, path]) => path as string)
      .filter((path) => !existsSync(join(ROOT, document, '..', path)))
      .map((path) => `${document}: ${path}`),
  )
  expect(broken).toEqual([])
})
