//! What the samples show: small flat landscapes and still lifes, as data for the painter.
//! Longer than other files, because it is data: every number of a picture stands beside its neighbours.

use super::paint::Shape::{self, Block, Ellipse, Glow, Line, Pines, Ridge, Sky, Skyline, Stars};

/// A layer that moves sideways while the video plays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drift {
    pub(super) shapes: &'static [Shape],
    /// Share of the width per frame; the sign is the direction.
    pub(super) speed: f32,
}

/// A picture in layers: still ground, drifting layers, and one thing in front that sways.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    pub(super) back: &'static [Shape],
    pub(super) drift: &'static [Drift],
    pub(super) front: &'static [Shape],
    /// Colour of the drawn sound wave.
    pub(super) wave: &'static str,
}

const fn disc(x: f32, y: f32, r: f32, color: u32) -> Shape {
    Ellipse {
        x,
        y,
        rx: r,
        ry: r,
        turn: 0.0,
        color,
        alpha: 1.0,
    }
}

const fn oval(x: f32, y: f32, rx: f32, ry: f32, turn: f32, color: u32) -> Shape {
    Ellipse {
        x,
        y,
        rx,
        ry,
        turn,
        color,
        alpha: 1.0,
    }
}

const fn shade(x: f32, y: f32, rx: f32, ry: f32, color: u32, alpha: f32) -> Shape {
    Ellipse {
        x,
        y,
        rx,
        ry,
        turn: 0.0,
        color,
        alpha,
    }
}

#[allow(
    clippy::many_single_char_names,
    reason = "the five numbers of a rectangle"
)]
const fn block(x: f32, y: f32, w: f32, h: f32, r: f32, color: u32) -> Shape {
    Block {
        x,
        y,
        w,
        h,
        r,
        color,
        alpha: 1.0,
    }
}

const fn line(x0: f32, y0: f32, x1: f32, y1: f32, w: f32, color: u32) -> Shape {
    Line {
        x0,
        y0,
        x1,
        y1,
        w,
        color,
        alpha: 1.0,
    }
}

const fn ridge(base: f32, amp: f32, waves: [u8; 3], phase: f32, color: u32) -> Shape {
    Ridge {
        base,
        amp,
        waves,
        phase,
        color,
    }
}

const CLOUDS: &[Shape] = &[
    shade(120.0, 210.0, 90.0, 26.0, 0x00FF_FFFF, 0.85),
    shade(90.0, 192.0, 46.0, 34.0, 0x00FF_FFFF, 0.85),
    shade(148.0, 186.0, 40.0, 30.0, 0x00FF_FFFF, 0.85),
    shade(400.0, 330.0, 84.0, 20.0, 0x00FF_FFFF, 0.7),
    shade(382.0, 316.0, 40.0, 26.0, 0x00FF_FFFF, 0.7),
    shade(300.0, 120.0, 62.0, 14.0, 0x00FF_FFFF, 0.55),
];

pub(super) const KITCHEN: Scene = Scene {
    back: &[
        Sky(0x00FB_EBCB, 0x00F7_CF9B, 0x00E8_9F6B),
        Glow {
            x: 270.0,
            y: 420.0,
            r: 360.0,
            color: 0x00FF_F6E2,
            alpha: 0.9,
        },
        block(-20.0, 640.0, 600.0, 400.0, 0.0, 0x009A_5A3A),
        block(-20.0, 640.0, 600.0, 14.0, 0.0, 0x00B8_7048),
        shade(270.0, 668.0, 210.0, 22.0, 0x0060_3322, 0.45),
        block(70.0, 628.0, 400.0, 34.0, 16.0, 0x00D8_A173),
    ],
    drift: &[],
    front: &[
        oval(270.0, 540.0, 172.0, 92.0, 0.0, 0x00B9_6A2C),
        oval(270.0, 528.0, 164.0, 82.0, 0.0, 0x00D9_8D40),
        oval(262.0, 512.0, 138.0, 58.0, 0.0, 0x00E9_A95C),
        line(190.0, 496.0, 222.0, 560.0, 13.0, 0x00FB_E3B4),
        line(252.0, 484.0, 284.0, 562.0, 13.0, 0x00FB_E3B4),
        line(316.0, 488.0, 344.0, 552.0, 13.0, 0x00FB_E3B4),
        Line {
            x0: 210.0,
            y0: 400.0,
            x1: 222.0,
            y1: 340.0,
            w: 9.0,
            color: 0x00FF_FFFF,
            alpha: 0.5,
        },
        Line {
            x0: 270.0,
            y0: 390.0,
            x1: 282.0,
            y1: 312.0,
            w: 9.0,
            color: 0x00FF_FFFF,
            alpha: 0.5,
        },
        Line {
            x0: 330.0,
            y0: 400.0,
            x1: 342.0,
            y1: 340.0,
            w: 9.0,
            color: 0x00FF_FFFF,
            alpha: 0.5,
        },
    ],
    wave: "0x7A3B1E@0.9",
};

pub(super) const OCEAN: Scene = Scene {
    back: &[
        Sky(0x0014_2850, 0x0027_6A9E, 0x00F2_B880),
        Stars {
            seed: 3,
            count: 46,
            down: 330.0,
        },
        Glow {
            x: 350.0,
            y: 300.0,
            r: 280.0,
            color: 0x00FF_F3D6,
            alpha: 0.8,
        },
        disc(350.0, 300.0, 82.0, 0x00FF_F1CF),
        shade(322.0, 282.0, 17.0, 15.0, 0x00EA_D6AC, 0.8),
        shade(372.0, 326.0, 24.0, 21.0, 0x00EA_D6AC, 0.8),
        shade(366.0, 268.0, 10.0, 9.0, 0x00EA_D6AC, 0.8),
    ],
    drift: &[
        Drift {
            shapes: &[ridge(600.0, 13.0, [2, 5, 9], 0.4, 0x003F_8FB0)],
            speed: 0.0018,
        },
        Drift {
            shapes: &[ridge(662.0, 18.0, [2, 3, 7], 2.2, 0x0023_6E93)],
            speed: -0.0032,
        },
        Drift {
            shapes: &[ridge(750.0, 23.0, [1, 3, 5], 4.0, 0x0012_4D6F)],
            speed: 0.0055,
        },
    ],
    front: &[],
    wave: "0xFFF1CF@0.85",
};

pub(super) const MORNING: Scene = Scene {
    back: &[
        Sky(0x0046_5C9B, 0x00F3_9C8B, 0x00FF_DDA6),
        Glow {
            x: 190.0,
            y: 520.0,
            r: 380.0,
            color: 0x00FF_F2C8,
            alpha: 0.9,
        },
        disc(190.0, 520.0, 70.0, 0x00FF_F4D2),
    ],
    drift: &[
        Drift {
            shapes: &[ridge(560.0, 46.0, [1, 3, 7], 1.1, 0x00C9_7B84)],
            speed: 0.0006,
        },
        Drift {
            shapes: &[ridge(640.0, 40.0, [2, 3, 5], 3.4, 0x008A_5373)],
            speed: 0.0016,
        },
        Drift {
            shapes: &[
                Pines {
                    seed: 11,
                    base: 770.0,
                    tall: 100.0,
                    color: 0x004A_3057,
                },
                ridge(770.0, 8.0, [1, 2, 3], 0.2, 0x003A_2549),
            ],
            speed: 0.0042,
        },
    ],
    front: &[],
    wave: "0xFFF4D2@0.9",
};

pub(super) const PLANT: Scene = Scene {
    back: &[
        Sky(0x00E7_F2E4, 0x00CF_E6D0, 0x00A9_CFB4),
        disc(270.0, 420.0, 205.0, 0x00F6_FAF1),
        block(-10.0, 700.0, 560.0, 300.0, 0.0, 0x007F_AE93),
        shade(270.0, 712.0, 150.0, 18.0, 0x0032_5A48, 0.5),
    ],
    drift: &[],
    front: &[
        line(270.0, 560.0, 270.0, 330.0, 9.0, 0x002F_6B4A),
        oval(206.0, 440.0, 82.0, 31.0, 0.09, 0x003E_8E5F),
        oval(336.0, 424.0, 84.0, 31.0, -0.09, 0x0048_A06C),
        oval(206.0, 342.0, 74.0, 28.0, 0.12, 0x0054_B37B),
        oval(334.0, 330.0, 76.0, 28.0, -0.12, 0x003E_8E5F),
        oval(270.0, 276.0, 27.0, 74.0, 0.0, 0x005F_C188),
        line(150.0, 418.0, 262.0, 470.0, 3.0, 0x002F_6B4A),
        line(392.0, 400.0, 278.0, 452.0, 3.0, 0x002F_6B4A),
        block(186.0, 548.0, 168.0, 44.0, 10.0, 0x00D5_7A52),
        block(200.0, 580.0, 140.0, 130.0, 24.0, 0x00C0_6441),
    ],
    wave: "0x23553C@0.9",
};

pub(super) const COINS: Scene = Scene {
    back: &[
        Sky(0x0013_3B3A, 0x001F_6E63, 0x0043_A58C),
        Glow {
            x: 270.0,
            y: 430.0,
            r: 330.0,
            color: 0x00F9_E7A8,
            alpha: 0.45,
        },
        block(-10.0, 690.0, 560.0, 300.0, 0.0, 0x0010_3230),
        shade(270.0, 700.0, 210.0, 20.0, 0x0005_1B1A, 0.6),
    ],
    drift: &[],
    front: &[
        block(92.0, 640.0, 112.0, 34.0, 15.0, 0x00C9_922C),
        block(96.0, 608.0, 112.0, 34.0, 15.0, 0x00E6_B54A),
        block(214.0, 640.0, 112.0, 34.0, 15.0, 0x00C9_922C),
        block(210.0, 608.0, 112.0, 34.0, 15.0, 0x00E6_B54A),
        block(216.0, 576.0, 112.0, 34.0, 15.0, 0x00C9_922C),
        block(212.0, 544.0, 112.0, 34.0, 15.0, 0x00E6_B54A),
        block(336.0, 640.0, 112.0, 34.0, 15.0, 0x00C9_922C),
        block(340.0, 608.0, 112.0, 34.0, 15.0, 0x00E6_B54A),
        block(334.0, 576.0, 112.0, 34.0, 15.0, 0x00C9_922C),
        block(338.0, 544.0, 112.0, 34.0, 15.0, 0x00E6_B54A),
        block(332.0, 512.0, 112.0, 34.0, 15.0, 0x00C9_922C),
        block(338.0, 480.0, 112.0, 34.0, 15.0, 0x00E6_B54A),
        disc(270.0, 330.0, 78.0, 0x00C9_922C),
        disc(270.0, 326.0, 74.0, 0x00F4_CB66),
        disc(270.0, 326.0, 56.0, 0x00E6_B54A),
        line(270.0, 296.0, 270.0, 356.0, 12.0, 0x00FB_E6A6),
    ],
    wave: "0xF9E7A8@0.85",
};

pub(super) const NIGHT: Scene = Scene {
    back: &[
        Sky(0x000B_1026, 0x0024_2A66, 0x0070_4A8C),
        Stars {
            seed: 8,
            count: 170,
            down: 640.0,
        },
        Line {
            x0: 90.0,
            y0: 150.0,
            x1: 250.0,
            y1: 230.0,
            w: 2.5,
            color: 0x00FF_FFFF,
            alpha: 0.75,
        },
        Glow {
            x: 250.0,
            y: 230.0,
            r: 26.0,
            color: 0x00FF_FFFF,
            alpha: 0.9,
        },
        Glow {
            x: 300.0,
            y: 500.0,
            r: 420.0,
            color: 0x00B9_7FD0,
            alpha: 0.4,
        },
    ],
    drift: &[
        Drift {
            shapes: &[ridge(650.0, 36.0, [1, 2, 5], 0.9, 0x003A_2A5E)],
            speed: 0.0005,
        },
        Drift {
            shapes: &[
                Pines {
                    seed: 4,
                    base: 780.0,
                    tall: 120.0,
                    color: 0x0015_1230,
                },
                ridge(780.0, 10.0, [1, 2, 4], 2.0, 0x0015_1230),
            ],
            speed: 0.0014,
        },
    ],
    front: &[],
    wave: "0xD9C6FF@0.85",
};

pub(super) const COFFEE: Scene = Scene {
    back: &[
        Sky(0x003B_2320, 0x0078_453A, 0x00C0_7C5C),
        Glow {
            x: 270.0,
            y: 460.0,
            r: 320.0,
            color: 0x00FF_DDB5,
            alpha: 0.6,
        },
        block(-10.0, 680.0, 560.0, 300.0, 0.0, 0x002B_1815),
        shade(270.0, 696.0, 190.0, 24.0, 0x0012_0808, 0.6),
        oval(270.0, 684.0, 176.0, 26.0, 0.0, 0x00E9_D8C4),
    ],
    drift: &[],
    front: &[
        disc(394.0, 560.0, 62.0, 0x00F6_EBDD),
        disc(394.0, 560.0, 38.0, 0x0094_5B47),
        block(160.0, 470.0, 220.0, 205.0, 60.0, 0x00FB_F3E8),
        block(160.0, 470.0, 220.0, 100.0, 14.0, 0x00FB_F3E8),
        oval(270.0, 474.0, 110.0, 27.0, 0.0, 0x00E4_D3BF),
        oval(270.0, 478.0, 98.0, 21.0, 0.0, 0x0056_2F22),
        oval(258.0, 478.0, 40.0, 9.0, 0.0, 0x00C9_9468),
        Line {
            x0: 230.0,
            y0: 430.0,
            x1: 244.0,
            y1: 350.0,
            w: 10.0,
            color: 0x00FF_FFFF,
            alpha: 0.4,
        },
        Line {
            x0: 272.0,
            y0: 420.0,
            x1: 288.0,
            y1: 310.0,
            w: 10.0,
            color: 0x00FF_FFFF,
            alpha: 0.4,
        },
        Line {
            x0: 314.0,
            y0: 430.0,
            x1: 328.0,
            y1: 350.0,
            w: 10.0,
            color: 0x00FF_FFFF,
            alpha: 0.4,
        },
    ],
    wave: "0xFFE4C7@0.85",
};

pub(super) const TRAVEL: Scene = Scene {
    back: &[
        Sky(0x0058_B6E4, 0x00A5_DBF0, 0x00FC_EBC8),
        disc(420.0, 150.0, 58.0, 0x00FF_E08A),
        block(-10.0, 700.0, 560.0, 300.0, 0.0, 0x00E8_C48B),
        shade(270.0, 708.0, 160.0, 20.0, 0x008A_6436, 0.45),
    ],
    drift: &[Drift {
        shapes: CLOUDS,
        speed: 0.0016,
    }],
    front: &[
        block(212.0, 330.0, 116.0, 90.0, 26.0, 0x003A_3F5C),
        block(230.0, 348.0, 80.0, 80.0, 16.0, 0x00A5_DBF0),
        block(140.0, 400.0, 260.0, 296.0, 34.0, 0x00E2_5B52),
        block(176.0, 400.0, 16.0, 296.0, 0.0, 0x00C4_473F),
        block(348.0, 400.0, 16.0, 296.0, 0.0, 0x00C4_473F),
        block(228.0, 470.0, 84.0, 60.0, 12.0, 0x00FF_DE8C),
        disc(180.0, 700.0, 15.0, 0x003A_3F5C),
        disc(360.0, 700.0, 15.0, 0x003A_3F5C),
    ],
    wave: "0xB23A33@0.9",
};

pub(super) const CITY: Scene = Scene {
    back: &[
        Sky(0x001D_1B3A, 0x005B_3B6F, 0x00E8_8C7D),
        Stars {
            seed: 21,
            count: 60,
            down: 300.0,
        },
        disc(140.0, 220.0, 46.0, 0x00FD_E9C9),
        disc(160.0, 208.0, 42.0, 0x0037_2B52),
    ],
    drift: &[
        Drift {
            shapes: &[Skyline {
                seed: 5,
                base: 800.0,
                tall: 330.0,
                color: 0x0043_305B,
                lit: 0x00A8_7F8F,
            }],
            speed: 0.0005,
        },
        Drift {
            shapes: &[Skyline {
                seed: 77,
                base: 900.0,
                tall: 300.0,
                color: 0x001A_1630,
                lit: 0x00FF_D27F,
            }],
            speed: 0.0014,
        },
    ],
    front: &[],
    wave: "0xFFD27F@0.85",
};

pub(super) const SUNSET: Scene = Scene {
    back: &[
        Sky(0x001A_0B3B, 0x008C_1E78, 0x00FF_7A59),
        Stars {
            seed: 31,
            count: 80,
            down: 360.0,
        },
        Glow {
            x: 270.0,
            y: 500.0,
            r: 400.0,
            color: 0x00FF_B37A,
            alpha: 0.7,
        },
        disc(270.0, 500.0, 160.0, 0x00FF_D36E),
        block(111.0, 500.0, 318.0, 6.0, 0.0, 0x00E0_6A70),
        block(115.0, 530.0, 310.0, 9.0, 0.0, 0x00E0_666E),
        block(129.0, 564.0, 282.0, 13.0, 0.0, 0x00E0_606C),
        block(160.0, 602.0, 220.0, 18.0, 0.0, 0x00DC_5868),
    ],
    drift: &[
        Drift {
            shapes: &[ridge(690.0, 24.0, [3, 5, 9], 0.7, 0x0055_145C)],
            speed: 0.001,
        },
        Drift {
            shapes: &[ridge(770.0, 26.0, [2, 5, 7], 3.7, 0x002A_0B3F)],
            speed: 0.003,
        },
    ],
    front: &[],
    wave: "0xFFE7A8@0.9",
};

pub(super) const CLEAR_SKY: Scene = Scene {
    back: &[
        Sky(0x003B_82C4, 0x008F_C7EA, 0x00E9_F5FA),
        Glow {
            x: 400.0,
            y: 220.0,
            r: 320.0,
            color: 0x00FF_FFFF,
            alpha: 0.8,
        },
    ],
    drift: &[
        Drift {
            shapes: CLOUDS,
            speed: 0.001,
        },
        Drift {
            shapes: &[ridge(730.0, 30.0, [1, 2, 5], 1.9, 0x0079_B48A)],
            speed: 0.0006,
        },
        Drift {
            shapes: &[ridge(800.0, 24.0, [1, 3, 4], 4.4, 0x004E_8F69)],
            speed: 0.0014,
        },
    ],
    front: &[],
    wave: "0xFFFFFF@0.85",
};

pub(super) const DUNES: Scene = Scene {
    back: &[
        Sky(0x0079_B7C9, 0x00F6_D8B0, 0x00F3_B27A),
        disc(300.0, 330.0, 92.0, 0x00FF_F0D3),
    ],
    drift: &[
        Drift {
            shapes: &[ridge(560.0, 40.0, [1, 2, 3], 0.3, 0x00EA_A56C)],
            speed: 0.0004,
        },
        Drift {
            shapes: &[ridge(650.0, 50.0, [1, 2, 4], 2.6, 0x00D6_834F)],
            speed: 0.0009,
        },
        Drift {
            shapes: &[ridge(770.0, 56.0, [1, 2, 3], 4.9, 0x00A8_5A3A)],
            speed: 0.0018,
        },
    ],
    front: &[],
    wave: "0xFFF4E0@0.9",
};
