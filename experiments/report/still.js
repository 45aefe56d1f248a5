// Figures without a browser: called from Rust, with QuickJS.
"use strict";
var still = {
  open(text) {
    this.data = JSON.parse(text);
    this.c = goshawk.context(this.data, goshawk.initial(this.data));
    this.entries = goshawk.list(this.c);
  },
  /** All figures in the state in which a page opens, as JSON. */
  list() {
    return JSON.stringify(this.entries.map((entry) => {
      const head = { id: entry.id, title: entry.title, group: entry.group, missing: entry.missing };
      if (entry.missing) return head;
      const told = goshawk.tell(entry, this.c);
      return {
        ...head, text: told.text, query: told.query, empty: told.view.empty ?? null, height: told.height,
        table: goshawk.table(told.view, entry.title),
      };
    }));
  },
  keyFigures() {
    return goshawk.keyFigures(this.c) ?? "";
  },
  /** A figure as SVG. */
  svg(id, name, width) {
    const entry = this.entries.find((entry) => entry.id === id);
    const theme = goshawk.themes[name];
    const { view, height } = goshawk.tell(entry, this.c);
    const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
    chart.setOption(goshawk.option(entry, view, this.c, theme, width));
    const text = chart.renderToSVGString();
    chart.dispose();
    return text;
  },
};
