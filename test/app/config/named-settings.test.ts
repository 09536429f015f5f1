import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { familyNames } from '../../../src/domain/family.js'
import { configSchema } from '../../../src/app/config/schema.js'

const ROOT = join(import.meta.dirname, '../../..')

/** All keys of the configuration by path, inner ones too. */
const settings = (schema: unknown, path = ''): readonly string[] => {
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape as Record<string, unknown>).flatMap(([key, below]) => {
      const at = path === '' ? key : `${path}.${key}`
      return [at, ...settings(below, at)]
    })
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return settings(schema.unwrap(), path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => settings(option, path))
  if (schema instanceof z.ZodArray) return settings(schema.element, path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option: unknown) => settings(option, path))
  return []
}
const known = new Set(settings(configSchema))
const sections = [...known].filter(
  (path) => !path.includes('.') && [...known].some((each) => each.startsWith(`${path}.`)),
)

const NAMED = new RegExp(`(?<![\\w./:{-])(?:${sections.join('|')})(?:\\.[a-z][A-Za-z]*)+`, 'g')
const VARIABLE = /STREAMVANE_[A-Z_]+[A-Z]/g
/**
 * Topics of rows, markers and names by default (`genesys.queue`, `genesys.interval-complete`), a topic of raw events in an
 * example, and a stage, as far as NAMED reads them.
 */
const topics = new Set(
  ['interval', 'names', 'raw', 'gaps', ...familyNames].map((name) => `genesys.${name.replace(/-.*/, '')}`),
)
/** Topics, file names and properties of objects look like settings too. */
const isNoSetting = (name: string): boolean =>
  topics.has(name) || /\.(js|ts|md|ya?ml|json|ndjson|avro|log|properties)$/.test(name)

const camelCase = (word: string): string =>
  word.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
const settingOf = (variable: string): string =>
  variable.slice('STREAMVANE_'.length).split('__').map(camelCase).join('.')

/** The texts in string literals and templates of a source file. */
const textsIn = (file: string): readonly string[] => {
  const texts: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      texts.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true))
  return texts
}
/** Variables with the prefix that are not settings. The loader lists them by their full names. */
const otherVariables: ReadonlySet<string> = new Set(
  textsIn(join(ROOT, 'src/app/config/load.ts')).filter((text) => /^STREAMVANE_[A-Z_]+[A-Z]$/.test(text)),
)
const filesBelow = (folder: string, ending: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(ROOT, folder, file))

const unknownIn = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) => [
    ...[...text.matchAll(NAMED)].map(([name]) => name).filter((name) => !isNoSetting(name) && !known.has(name)),
    ...[...text.matchAll(VARIABLE)]
      .map(([variable]) => variable)
      .filter((variable) => !otherVariables.has(variable) && !known.has(settingOf(variable))),
  ])

test('the schema is read: its keys include nested ones, and most texts name none', () => {
  for (const path of ['tenant', 'clock.jumpMaxMs', 'egress.kafka.registry.url', 'profile.serviceLevel.durationMs'])
    expect(known).toContain(path)
  expect(unknownIn(['set egress.kafka.registry.colour or STREAMVANE_INGRESS__COLOUR'])).toEqual([
    'egress.kafka.registry.colour',
    'STREAMVANE_INGRESS__COLOUR',
  ])
})

test('variables that are no settings are those that the loader lists', () => {
  expect(otherVariables).toContain('STREAMVANE_CONFIG')
  expect(otherVariables).not.toContain('STREAMVANE_DATA')
})

test('every setting that a message names exists', () => {
  const unknown = filesBelow('src', '.ts').flatMap((file) =>
    unknownIn(textsIn(file)).map((name) => `${file.slice(ROOT.length + 1)}: ${name}`),
  )
  expect(unknown).toEqual([])
})

test('every setting that a document names exists', () => {
  const unknown = filesBelow('docs', '.md').flatMap((file) =>
    unknownIn([...readFileSync(file, 'utf8').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)).map(
      (name) => `${file.slice(ROOT.length + 1)}: ${name}`,
    ),
  )
  expect(unknown).toEqual([])
})
