import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

/*
 * The rules of the house as a test. Lint shows some of them in the editor; this test decides.
 */

const LINES_MAX = 300
const COLUMNS_MAX = 200
/** The name as a word of a sentence, not as a part of an identifier such as `X-Scrip-Client-Address`. */
const PRODUCT = /(?<![\w-])Scrip(?![\w-])/
/** What a folder may import of the project; every folder may import itself. */
const MAY_IMPORT: Record<string, string[]> = {
  models: [],
  'app/email-confirmation': ['models', 'app'],
  'app/credits': ['models', 'app'],
  'app/billing': ['models', 'app', 'app/credits', 'app/notifications', 'app/email-confirmation'],
  'app/wording': ['models', 'app', 'app/credits', 'app/billing'],
  'app/plan-status': ['models', 'app', 'app/credits', 'app/billing', 'app/wording'],
  'app/actions': ['models', 'app', 'app/credits', 'app/billing'],
  'app/auth': [
    ...['models', 'app', 'app/credits', 'app/billing', 'app/notifications', 'app/http'],
    'app/email-confirmation',
  ],
  'app/notifications': ['models', 'app', 'app/email-confirmation', 'app/wording'],
  'app/jobs': [
    ...['models', 'app', 'app/actions', 'app/credits', 'app/billing', 'app/notifications', 'app/auth'],
    'app/plan-status',
  ],
  'app/api-reference': ['app', 'app/actions', 'app/billing', 'app/http', 'app/usage'],
  'app/doctor': ['models', 'app', 'app/billing', 'app/notifications', 'app/jobs'],
  'app/components': [
    ...['app', 'app/billing', 'app/actions', 'app/usage', 'app/http'],
    ...['app/plan-status', 'app/email-confirmation', 'app/wording'],
  ],
}

const files = ['app', 'models', 'sandbox', 'scripts'].flatMap(listFiles)

const isDocument = (file: string) => file.endsWith('.md')
const DOCUMENTS = [
  ...readdirSync('.').filter(isDocument),
  ...['docs', 'app', 'test'].flatMap(listAll).filter(isDocument),
]
/** A document may name a file without its folder. */
const NAMES = new Set(
  ['app', 'models', 'sandbox', 'scripts', 'test', 'docs'].flatMap(listAll).map((file) => path.posix.basename(file)),
)
const FOLDER_OF_PROJECT = /^(app|models|sandbox|scripts|test|docs|public)\//
const FILE = /^[\w./$-]+\.(tsx?|mjs|md|css)$/

describe('the rules of the house', () => {
  test('dependencies run one way', () => {
    const wrong = files.flatMap((file) => {
      const allowed = MAY_IMPORT[layerOf(file)]
      if (!allowed) return []
      return importsOf(file)
        .map(layerOf)
        .filter((layer) => layer !== layerOf(file) && !allowed.includes(layer))
        .map((layer) => `${file} imports ${layer}: move what it needs down, or the file up`)
    })
    expect(wrong).toEqual([])
  })

  test('no file imports itself through others', () => {
    expect(circlesIn(graphOf((file) => file))).toEqual([])
  })

  test('no folder imports itself through others', () => {
    expect(circlesIn(graphOf(roomOf))).toEqual([])
  })

  test('only the gateway imports stripe in the app', () => {
    const importing = files.filter((file) => file.startsWith('app/') && /from 'stripe'/.test(read(file)))
    expect(importing.filter((file) => file !== 'app/billing/stripe/client.server.ts')).toEqual([])
  })

  test('forms are read through readFormData alone, which drops what no form of ours has', () => {
    const reading = files.filter((file) => file.startsWith('app/') && /\.formData\(/.test(read(file)))
    expect(reading).toEqual(['app/http/read-form-data.server.ts'])
  })

  test('the sandbox and the app do not know each other', () => {
    const inSandbox = files.filter((file) => file.startsWith('sandbox/') && importsOf(file).some(isAppOrModel))
    const inApp = files.filter(
      (file) => file.startsWith('app/') && importsOf(file).some((to) => to.startsWith('sandbox')),
    )
    expect([...inSandbox, ...inApp]).toEqual([])
  })

  test('only the brand file names the product', () => {
    const named = files.filter(
      (file) =>
        file !== 'app/brand.mjs' && PRODUCT.test(read(file)) && wordsOf(file).some((text) => PRODUCT.test(text)),
    )
    expect(named, 'take the name from app/brand.mjs').toEqual([])
  })

  test('models are server-only by their name: without the suffix they would end up in the browser', () => {
    expect(files.filter((file) => file.startsWith('models/') && !file.endsWith('.server.ts'))).toEqual([])
  })

  test('there are no drawers and no barrels', () => {
    const drawers = files.filter((file) => /(^|\/)(utils?|helpers?|lib|common|misc)(\/|\.)/.test(file))
    const barrels = files.filter((file) => {
      const lines = read(file)
        .split('\n')
        .filter((line) => line.trim() && !/^\s*(\/\/|\/?\*)/.test(line))
      return lines.length > 0 && lines.every((line) => /^export (\*|\{|type \{).* from /.test(line))
    })
    expect([...drawers, ...barrels], 'name the thing that it is').toEqual([])
  })

  test('no test is in app/routes, where it would become a page', () => {
    expect(files.filter((file) => file.startsWith('app/') && /\.test\.tsx?$/.test(file))).toEqual([])
  })

  test('a test file that replaces modules loads its own', () => {
    const replacing = listFiles('test').filter((file) => /^\s*vi\.(mock|doMock|resetModules)\(/m.test(read(file)))
    const isolated = /const ISOLATED = \{.*?\n\}/s.exec(read('vitest.config.ts'))![0]
    expect([...isolated.matchAll(/'(test\/.*?)'/g)].map(([, file]) => file).sort()).toEqual(replacing.sort())
  })

  test('tests wait through expect.poll, whose patience is set in one place', () => {
    const waiting = listFiles('test').filter((file) => /\bvi\.(waitFor|waitUntil)\(/.test(read(file)))
    expect(waiting).toEqual([])
  })

  test('no test replaces the environment, which other files of its worker hold', () => {
    expect(listFiles('test').filter((file) => /^\s*process\.env = /m.test(read(file)))).toEqual([])
  })

  test(`files have one job and at most ${LINES_MAX} lines`, () => {
    const long = files.filter((file) => read(file).split('\n').length > LINES_MAX)
    expect(long, 'split it').toEqual([])
  })

  test('no comment marks unfinished work', () => {
    const markers = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X'.repeat(3), '@ts-(ignore|nocheck)'].join('|'))
    expect(files.filter((file) => markers.test(read(file)))).toEqual([])
  })
})

describe('the documents', () => {
  test.each(DOCUMENTS)('every file and folder that %s names exists', (document) => {
    const isThere = (name: string) =>
      [name, path.posix.join(path.posix.dirname(document), name)].some((place) => existsSync(place)) ||
      (!name.includes('/') && NAMES.has(name))
    expect(namedIn(document).filter((name) => !isThere(name))).toEqual([])
  })

  test.each(DOCUMENTS)('every command that %s names is in package.json', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const commands = [...read(document).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name!)
    expect(commands.filter((name) => !(name in scripts))).toEqual([])
  })

  test(`documents have lines of at most ${COLUMNS_MAX} characters, apart from cited tests`, () => {
    const long = DOCUMENTS.flatMap((document) =>
      read(document)
        .split('\n')
        .flatMap((line, index) =>
          line.length > COLUMNS_MAX && !line.startsWith('- Test: ') ? [`${document}:${index + 1}`] : [],
        ),
    )
    expect(long, 'make a wide table a list').toEqual([])
  })

  test('app/billing/README.md lists the folders so that each imports only from those above it', () => {
    const listed = [...read('app/billing/README.md').matchAll(/^### `([\w-]+)\/`/gm)].map(
      ([, name]) => `app/billing/${name}`,
    )
    const folders = [...graphOf(roomOf)].filter(([room]) => room.startsWith('app/billing/'))
    expect([...listed].sort()).toEqual(folders.map(([room]) => room).sort())
    const upward = folders.flatMap(([room, imported]) =>
      [...imported].filter((to) => listed.indexOf(to) > listed.indexOf(room)).map((to) => `${room} imports ${to}`),
    )
    expect(upward, 'move the folder in the list, or the file').toEqual([])
  })
})

/** Names in backticks that look like a file or a folder, and targets of links; no patterns and no placeholders. */
function namedIn(document: string): string[] {
  const text = read(document).replace(/^```[\s\S]*?^```/gm, '')
  const quoted = [...text.matchAll(/`([^`\s]+)(?: › [^`]+)?`/g)]
    .map(([, name]) => name!)
    .filter((name) => FOLDER_OF_PROJECT.test(name) || FILE.test(name))
  const linked = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!)
  return [...quoted, ...linked].filter((name) => !/[*<…{$]|^\w+:|^@/.test(name))
}

function listFiles(folder: string): string[] {
  return listAll(folder).filter((file) => /\.(ts|tsx|mjs)$/.test(file))
}

function listAll(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const file = path.posix.join(folder, name)
    return statSync(file).isDirectory() ? listAll(file) : [file]
  })
}

function read(file: string): string {
  return readFileSync(file, 'utf8')
}

/** Paths from the project's root of everything of the project that a file imports. */
function importsOf(file: string): string[] {
  return ts.preProcessFile(read(file), true, true).importedFiles.flatMap(({ fileName }) => {
    if (fileName.startsWith('.')) return [path.posix.join(path.posix.dirname(file), fileName)]
    if (fileName.startsWith('#')) return [fileName.slice(1)]
    return []
  })
}

/** What a file could show to a user: its strings and the text of its elements, without comments and code. */
function wordsOf(file: string): string[] {
  const words: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) || ts.isJsxText(node)) words.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest))
  return words
}

/** `app/billing` for its files, `app` for files in app itself, `models`, … */
function layerOf(file: string): string {
  const [top = '', second = '', ...rest] = file.split('/')
  return top === 'app' && rest.length > 0 ? `app/${second}` : top
}

/** A layer, a folder of app/billing or the sandbox, or one of the files at the top that put the app together. */
function roomOf(file: string): string {
  if (file.startsWith('sandbox/')) return path.posix.dirname(file)
  if (file.startsWith('app/billing/')) return path.posix.dirname(file).split('/').slice(0, 3).join('/')
  return /^app\/(root|entry\.|routes\/)/.test(file) ? file : layerOf(file)
}

/** Which rooms each room imports. */
function graphOf(room: (file: string) => string): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>()
  for (const file of files.filter((one) => !one.startsWith('scripts/'))) {
    const imported = graph.get(room(file)) ?? new Set()
    graph.set(room(file), imported)
    for (const to of importsOf(file).map(room)) if (to !== room(file)) imported.add(to)
  }
  return graph
}

/** One way around each circle: "a → b → a". */
function circlesIn(graph: Map<string, Set<string>>): string[] {
  const done = new Set<string>()
  const circles: string[] = []
  const follow = (node: string, way: string[]) => {
    if (way.includes(node)) circles.push([...way.slice(way.indexOf(node)), node].join(' → '))
    if (way.includes(node) || done.has(node)) return
    for (const next of graph.get(node) ?? []) follow(next, [...way, node])
    done.add(node)
  }
  for (const node of graph.keys()) follow(node, [])
  return circles
}

const isAppOrModel = (file: string) => file.startsWith('app/') || file.startsWith('models/')
