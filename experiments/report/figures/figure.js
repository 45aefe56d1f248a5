// A figure from a state: what there is to show, in which words, and how it is drawn.
"use strict";

/** Everything that is shown in a state: a figure that is defined for each class comes once for each. */
goshawk.list = function (c) {
  const found = [];
  for (const figure of goshawk.figures) {
    if (figure.when && !figure.when(c)) continue;
    const why = figure.missing ? figure.missing(c) : goshawk.missing(c, figure.needs);
    if (why) {
      found.push({ id: figure.id, figure, of: null, title: goshawk.titleWithout(figure), group: figure.group, missing: why });
      continue;
    }
    for (const of of figure.each ? figure.each(c) : [null]) {
      const id = of === null ? figure.id : `${figure.id}-${goshawk.identifier(c, of)}`;
      found.push({ id, figure, of, title: figure.title(c, of), group: figure.group, missing: null });
    }
  }
  return found;
};
goshawk.identifier = (c, name) => (/^[\w-]+$/.test(name) ? name : `class-${c.data.classes.indexOf(name) + 1}`);
goshawk.titleWithout = (figure) => (figure.each ? "Purchases by hour" : figure.title({ daysAsOne: 1 }));

/** What a figure says, and the query behind it. */
goshawk.tell = function (entry, c) {
  const view = entry.figure.view(c, entry.of);
  const number = c.data.paperFigures?.[entry.id];
  return {
    view, text: number ? `Figure ${number} of the paper. ${view.text}` : view.text,
    query: entry.figure.sql ? entry.figure.sql(c, entry.of) : entry.figure.file(c),
    isQuery: Boolean(entry.figure.sql),
    height: entry.figure.height ? entry.figure.height(view) : 320,
  };
};

goshawk.option = (entry, view, c, theme, width) => entry.figure.option(view, c, theme, width);
