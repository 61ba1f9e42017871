//! A tiny painter: flat shapes with soft edges on a canvas, saved as a picture that ffmpeg reads.
//! The samples need to be worth looking at and may not carry anybody's pictures, so we draw them.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixels are small numbers; every cast below is between a pixel index and its coordinate"
)]

use std::f32::consts::TAU;

/// The width of the design grid: every shape is placed on a 540 x 960 sheet.
pub(super) const SHEET_WIDTH: f32 = 540.0;
/// The height of the design grid.
pub(super) const SHEET_HEIGHT: f32 = 960.0;

/// One shape, placed on the 540 x 960 sheet. Colours are `0xRRGGBB`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A vertical blend over the whole sheet.
    Sky(u32, u32, u32),
    /// A soft light.
    Glow {
        x: f32,
        y: f32,
        r: f32,
        color: u32,
        alpha: f32,
    },
    /// An ellipse, turned by `turn` (in full turns).
    Ellipse {
        x: f32,
        y: f32,
        rx: f32,
        ry: f32,
        turn: f32,
        color: u32,
        alpha: f32,
    },
    /// A rectangle with round corners.
    Block {
        x: f32,
        y: f32,
        w: f32,
        h: f32,
        r: f32,
        color: u32,
        alpha: f32,
    },
    /// A thick line with round ends.
    Line {
        x0: f32,
        y0: f32,
        x1: f32,
        y1: f32,
        w: f32,
        color: u32,
        alpha: f32,
    },
    /// Everything below a wavy line; the line meets itself at the sides, so that the layer can scroll.
    Ridge {
        base: f32,
        amp: f32,
        waves: [u8; 3],
        phase: f32,
        color: u32,
    },
    /// Small lights, scattered between the top and `down`.
    Stars { seed: u32, count: u32, down: f32 },
    /// Houses on the ground line `base` with some lit windows.
    Skyline {
        seed: u32,
        base: f32,
        tall: f32,
        color: u32,
        lit: u32,
    },
    /// Pointed trees on the ground line `base`.
    Pines {
        seed: u32,
        base: f32,
        tall: f32,
        color: u32,
    },
}

/// A picture of red, green, blue and alpha bytes.
#[derive(Debug)]
pub(super) struct Canvas {
    width: usize,
    height: usize,
    scale: f32,
    top: f32,
    pixels: Vec<[u8; 4]>,
}

impl Canvas {
    /// A transparent canvas; the sheet is scaled to its width and cut evenly at top and bottom.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let scale = width as f32 / SHEET_WIDTH;
        Self {
            width: width as usize,
            height: height as usize,
            scale,
            top: (SHEET_HEIGHT - height as f32 / scale) / 2.0,
            pixels: vec![[0; 4]; (width * height) as usize],
        }
    }

    /// Draws the shapes in order.
    pub(super) fn draw(&mut self, shapes: &[Shape]) {
        for shape in shapes {
            self.shape(*shape);
        }
    }

    /// The picture as a PAM file (Netpbm's RGB_ALPHA), which ffmpeg reads without any library.
    pub(super) fn pam(&self) -> Vec<u8> {
        let mut out = format!(
            "P7\nWIDTH {}\nHEIGHT {}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
            self.width, self.height
        )
        .into_bytes();
        out.extend_from_slice(self.pixels.as_flattened());
        out
    }

    /// Longer than other functions, because it is a table: one arm for each shape, with the rule for its edge.
    fn shape(&mut self, shape: Shape) {
        match shape {
            Shape::Sky(top, middle, bottom) => self.sky(top, middle, bottom),
            Shape::Glow {
                x,
                y,
                r,
                color,
                alpha,
            } => self.fill((x - r, y - r, x + r, y + r), color, |px, py| {
                let near = (1.0 - (px - x).hypot(py - y) / r).max(0.0);
                alpha * near * near
            }),
            Shape::Ellipse {
                x,
                y,
                rx,
                ry,
                turn,
                color,
                alpha,
            } => {
                let (sin, cos) = (turn * TAU).sin_cos();
                let reach = rx.max(ry);
                self.fill(
                    (x - reach, y - reach, x + reach, y + reach),
                    color,
                    |px, py| {
                        let (dx, dy) = (px - x, py - y);
                        let (u, v) = ((dx * cos + dy * sin) / rx, (dy * cos - dx * sin) / ry);
                        alpha * edge((u.hypot(v) - 1.0) * rx.min(ry))
                    },
                );
            }
            Shape::Block {
                x,
                y,
                w,
                h,
                r,
                color,
                alpha,
            } => self.fill((x, y, x + w, y + h), color, |px, py| {
                let dx = (px - x - w / 2.0).abs() - w / 2.0 + r;
                let dy = (py - y - h / 2.0).abs() - h / 2.0 + r;
                alpha * edge(dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - r)
            }),
            Shape::Line {
                x0,
                y0,
                x1,
                y1,
                w,
                color,
                alpha,
            } => {
                let bounds = (
                    x0.min(x1) - w,
                    y0.min(y1) - w,
                    x0.max(x1) + w,
                    y0.max(y1) + w,
                );
                let (lx, ly) = (x1 - x0, y1 - y0);
                let long = (lx * lx + ly * ly).max(0.001);
                self.fill(bounds, color, |px, py| {
                    let along = (((px - x0) * lx + (py - y0) * ly) / long).clamp(0.0, 1.0);
                    alpha * edge((px - x0 - along * lx).hypot(py - y0 - along * ly) - w / 2.0)
                });
            }
            Shape::Ridge {
                base,
                amp,
                waves,
                phase,
                color,
            } => self.below(base - amp * 1.8, color, |x| {
                let turn = |k: u8, shift: f32| (TAU * f32::from(k) * x / SHEET_WIDTH + shift).sin();
                base + amp
                    * (turn(waves[0], phase)
                        + 0.5 * turn(waves[1], phase * 2.3)
                        + 0.25 * turn(waves[2], phase * 4.1))
            }),
            Shape::Stars { seed, count, down } => self.stars(seed, count, down),
            Shape::Skyline {
                seed,
                base,
                tall,
                color,
                lit,
            } => self.skyline(seed, base, tall, (color, lit)),
            Shape::Pines {
                seed,
                base,
                tall,
                color,
            } => self.pines(seed, base, tall, color),
        }
    }

    fn sky(&mut self, top: u32, middle: u32, bottom: u32) {
        for row in 0..self.height {
            let at = (row as f32 / self.scale + self.top) / SHEET_HEIGHT;
            let (from, to, share) = if at < 0.5 {
                (top, middle, at * 2.0)
            } else {
                (middle, bottom, at * 2.0 - 1.0)
            };
            let (from, to) = (rgb(from), rgb(to));
            let mixed: [f32; 3] =
                std::array::from_fn(|i| from[i] + (to[i] - from[i]) * share.clamp(0.0, 1.0));
            for column in 0..self.width {
                // A blend of few colours shows steps once compressed; half a level of noise hides them.
                let grain = noise((row * self.width + column) as u32) - 0.5;
                let level = |value: f32| (value + grain).clamp(0.0, 255.0).round() as u8;
                self.pixels[row * self.width + column] =
                    [level(mixed[0]), level(mixed[1]), level(mixed[2]), 255];
            }
        }
    }

    fn stars(&mut self, seed: u32, count: u32, down: f32) {
        for star in 0..count {
            let pick = |n: u32| noise(seed.wrapping_mul(7919).wrapping_add(star * 3 + n));
            let (x, y, r) = (pick(0) * SHEET_WIDTH, pick(1) * down, 0.7 + pick(2) * 1.6);
            self.shape(Shape::Ellipse {
                x,
                y,
                rx: r,
                ry: r,
                turn: 0.0,
                color: 0x00FF_FFFF,
                alpha: 0.35 + pick(2) * 0.6,
            });
        }
    }

    fn skyline(&mut self, seed: u32, base: f32, tall: f32, (color, lit): (u32, u32)) {
        for house in 0..9_u32 {
            let pick = |n: u32| noise(seed.wrapping_add(house * 131 + n));
            let (x, h) = (house as f32 * 60.0 + 3.0, tall * (0.35 + 0.65 * pick(1)));
            self.shape(Shape::Block {
                x,
                y: base - h,
                w: 54.0,
                h: h + SHEET_HEIGHT,
                r: 3.0,
                color,
                alpha: 1.0,
            });
            for window in 0..((h / 26.0) as u32 * 3) {
                if pick(20 + window) > 0.62 {
                    let (wx, wy) = (
                        x + 8.0 + (window % 3) as f32 * 14.0,
                        base - h + 12.0 + (window / 3) as f32 * 26.0,
                    );
                    self.shape(Shape::Block {
                        x: wx,
                        y: wy,
                        w: 9.0,
                        h: 13.0,
                        r: 1.5,
                        color: lit,
                        alpha: 0.85,
                    });
                }
            }
        }
    }

    fn pines(&mut self, seed: u32, base: f32, tall: f32, color: u32) {
        self.below(base - tall, color, |x| {
            let tree = (x / 45.0).floor();
            let from_middle = ((x - tree * 45.0) / 22.5 - 1.0).abs();
            base - tall
                * (0.45 + 0.55 * noise(seed.wrapping_add(tree as u32 % 12)))
                * (1.0 - from_middle)
        });
    }

    /// Paints everything below the line that `height` draws.
    fn below(&mut self, from: f32, color: u32, height: impl Fn(f32) -> f32) {
        let line: Vec<f32> = (0..self.width)
            .map(|column| height((column as f32 + 0.5) / self.scale))
            .collect();
        let scale = self.scale;
        self.fill((0.0, from, SHEET_WIDTH, SHEET_HEIGHT), color, |px, py| {
            let column = ((px * scale) as usize).min(line.len() - 1);
            edge(line[column] - py)
        });
    }

    /// Blends a colour over the pixels inside `bounds`, as strongly as `cover` says.
    fn fill(&mut self, bounds: (f32, f32, f32, f32), color: u32, cover: impl Fn(f32, f32) -> f32) {
        let [red, green, blue] = rgb(color);
        let span = |from: f32, to: f32, limit: usize| {
            let from = (from * self.scale).floor().max(0.0) as usize;
            (
                from.min(limit),
                ((to * self.scale).ceil().max(0.0) as usize).min(limit),
            )
        };
        let (left, right) = span(bounds.0 - 1.0, bounds.2 + 1.0, self.width);
        let (up, down) = span(
            bounds.1 - 1.0 - self.top,
            bounds.3 + 1.0 - self.top,
            self.height,
        );
        for row in up..down {
            let y = (row as f32 + 0.5) / self.scale + self.top;
            for column in left..right {
                let alpha = cover((column as f32 + 0.5) / self.scale, y);
                if alpha > 0.004 {
                    blend(
                        &mut self.pixels[row * self.width + column],
                        [red, green, blue],
                        alpha.min(1.0),
                    );
                }
            }
        }
    }
}

/// How much of a pixel lies inside, given its distance from the edge (negative is inside).
fn edge(distance: f32) -> f32 {
    (0.5 - distance).clamp(0.0, 1.0)
}

fn blend(pixel: &mut [u8; 4], color: [f32; 3], alpha: f32) {
    let under = f32::from(pixel[3]) / 255.0 * (1.0 - alpha);
    let total = alpha + under;
    for (channel, over) in pixel.iter_mut().zip(color) {
        *channel = ((over * alpha + f32::from(*channel) * under) / total).round() as u8;
    }
    pixel[3] = (total * 255.0).round() as u8;
}

fn rgb(color: u32) -> [f32; 3] {
    [16, 8, 0].map(|shift| ((color >> shift) & 0xFF) as f32)
}

/// A number in 0..1 that looks random and is the same every time.
fn noise(seed: u32) -> f32 {
    let mut x = seed.wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
    x ^= x >> 15;
    x = x.wrapping_mul(0x2C1B_3C6D);
    x ^= x >> 13;
    (x & 0xFFFF) as f32 / 65536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_covers_its_place_and_nothing_else() {
        let mut canvas = Canvas::new(54, 96);
        canvas.draw(&[Shape::Block {
            x: 100.0,
            y: 100.0,
            w: 200.0,
            h: 200.0,
            r: 0.0,
            color: 0x00FF_0000,
            alpha: 1.0,
        }]);
        assert_eq!(canvas.pixels[20 * 54 + 20], [255, 0, 0, 255]);
        assert_eq!(canvas.pixels[50 * 54 + 50], [0, 0, 0, 0]);
    }

    #[test]
    fn a_ridge_meets_itself_at_the_sides() {
        let mut canvas = Canvas::new(540, 960);
        canvas.draw(&[Shape::Ridge {
            base: 500.0,
            amp: 60.0,
            waves: [1, 3, 7],
            phase: 0.8,
            color: 0x0000_FF00,
        }]);
        let first = |column: usize| {
            (0..960)
                .find(|row| canvas.pixels[row * 540 + column][3] > 127)
                .unwrap()
        };
        assert!(first(0).abs_diff(first(539)) <= 4);
    }

    #[test]
    fn a_picture_says_its_size() {
        let pam = Canvas::new(4, 6).pam();
        assert!(pam.starts_with(b"P7\nWIDTH 4\nHEIGHT 6\n"));
        let header = pam.windows(7).position(|w| w == b"ENDHDR\n").unwrap() + 7;
        assert_eq!(pam.len() - header, 4 * 6 * 4);
    }
}
