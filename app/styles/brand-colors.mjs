import plugin from 'tailwindcss/plugin'
import { brand } from '../brand.mjs'

const names = Object.keys(brand.colors)
const variables = Object.entries(brand.colors).map(([name, [light, dark]]) => [
  `--color-${name}`,
  `light-dark(${light}, ${dark})`,
])

/** The palette of the brand for Tailwind: a variable and a class for each color. */
export default plugin(({ addBase }) => addBase({ ':root': Object.fromEntries(variables) }), {
  theme: { colors: Object.fromEntries(names.map((name) => [name, `var(--color-${name})`])) },
})
