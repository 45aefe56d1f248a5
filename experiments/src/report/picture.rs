//! Figures as files for a paper.

use std::sync::Arc;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::ReportError;
use super::still::Still;

/// Pixels for each of SVG, of which an inch has 96: 300 to the inch.
const SCALE: f32 = 3.125;
/// Fonts without serifs, by preference.
const FONTS: [&str; 6] = ["DejaVu Sans", "Liberation Sans", "Arial", "Helvetica", "Noto Sans", "Segoe UI"];

/// A figure as a file of SVG: with its title and what it says.
pub fn svg(figure: &Still) -> Option<String> {
    let drawing = figure.svg.as_ref()?;
    let (root, rest) = drawing.split_at(drawing.find('>')? + 1);
    let (title, text) = (escape(&figure.title), escape(&figure.text));
    Some(format!("{root}<title>{title}</title><desc>{text}</desc>{rest}\n"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Draws figures as pixels, with the fonts of the machine.
#[derive(Debug)]
pub struct Painter {
    fonts: Arc<fontdb::Database>,
}

impl Painter {
    /// With the fonts that there are.
    ///
    /// # Errors
    /// When there are none: letters would be missing.
    pub fn new() -> Result<Self, ReportError> {
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        let has =
            |name: &&&str| fonts.faces().any(|face| face.families.iter().any(|(family, _)| family == **name));
        let any = || fonts.faces().find_map(|face| face.families.first().map(|(family, _)| family.clone()));
        let Some(family) = FONTS.iter().find(has).map(|name| (*name).to_owned()).or_else(any) else {
            return Err(ReportError::NoFonts);
        };
        fonts.set_sans_serif_family(family);
        Ok(Self { fonts: Arc::new(fonts) })
    }

    /// A figure as PNG on white.
    ///
    /// # Errors
    /// When it is too large, or is not SVG.
    pub fn png(&self, figure: &str, svg: &str) -> Result<Vec<u8>, ReportError> {
        let failed = |why: String| ReportError::Pixels { figure: figure.to_owned(), why };
        let options = Options {
            fontdb: Arc::clone(&self.fonts),
            font_family: "sans-serif".to_owned(),
            ..Options::default()
        };
        let tree = Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
        let size = tree.size().to_int_size().scale_by(SCALE);
        let size = size.ok_or_else(|| failed("it has no size".to_owned()))?;
        let pixels = Pixmap::new(size.width(), size.height());
        let mut pixels = pixels.ok_or_else(|| failed("it is too large".to_owned()))?;
        pixels.fill(Color::WHITE);
        resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| failed(error.to_string()))
    }
}
